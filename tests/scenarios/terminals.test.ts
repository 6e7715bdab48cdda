/**
 * A terminal over two API processes and two gateways, each of which is killed with -9 under it: what is typed and shown goes by whichever is left, and the shell, which lives in the fleet's process, never
 * notices.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  accepted, ClustersDocument, createClient, CreateApplicationDocument, CreateEnrolmentTicketDocument, OpenTerminalDocument, PodsDocument, type SelvedgeClient, SendTerminalInputDocument, WatchTerminalDocument,
} from "#clients/typescript/index.ts";
import { eventually } from "#tests/support/eventually.ts";
import { createInstallation, type Installation, type Member } from "#tests/support/installation.ts";

const PATIENT = { deadlineMs: 120_000 };
const RETRYING = { retryForMs: 120_000 };

let installation: Installation;
let apis: readonly [Member, Member];
let gateways: readonly [Member, Member];
const clients: SelvedgeClient[] = [];

beforeAll(async () => {
  installation = await createInstallation();
  const pair = async (role: string): Promise<readonly [Member, Member]> => [await installation.member(`${role}-1`, { SELVEDGE_ROLE: role }), await installation.member(`${role}-2`, { SELVEDGE_ROLE: role })];
  [apis, gateways] = [await pair("api"), await pair("worker,gateway")];
  for (const { url } of apis) clients.push(createClient({ url, token: installation.token }));
  // The first brings the database to where it should be.
  await apis[0].start();
  const { ticket } = accepted((await (clients[0] as SelvedgeClient).execute(CreateEnrolmentTicketDocument, { input: { maxClusters: 2 } })).createEnrolmentTicket);
  const fleet = await installation.member("fleet", {
    SELVEDGE_ROLE: "fleet", SELVEDGE_FLEET: "tiny", SELVEDGE_ENROLMENT_TICKET: ticket ?? "", SELVEDGE_GATEWAYS: gateways.map(({ port }) => `ws://127.0.0.1:${port}/agent`).join(","),
  });
  await Promise.all([apis[1], ...gateways, fleet].map((member) => member.start()));
}, 300_000);
afterAll(async () => {
  for (const client of clients) await client.close();
  await installation?.close();
}, 60_000);

describe.runIf(process.platform === "linux")("a shell that counts what is typed", { timeout: 300_000 }, () => {
  test("goes on while each API process and each gateway is killed in turn; each piece is shown once", async () => {
    const [first, second] = clients as [SelvedgeClient, SelvedgeClient];
    const { clusters } = await eventually(async () => {
      const found = await first.execute(ClustersDocument, { first: 5 });
      expect(found.clusters.nodes).toHaveLength(2);
      return found;
    }, PATIENT);
    accepted((await first.execute(CreateApplicationDocument, {
      input: {
        name: "web", namespace: "default", idempotencyKey: randomUUID(), template: { containers: [{ name: "web", image: "web:1", cpuMillis: 50, memoryMiB: 32 }] },
        distribution: { clusters: [{ clusterId: clusters.nodes[0]?.id ?? "", replicas: 1 }] },
      },
    })).createApplication);
    const pod = await eventually(async () => {
      const { pods } = await first.execute(PodsDocument, { first: 5 });
      expect(pods.nodes[0]?.phase).toBe("RUNNING");
      return pods.nodes[0]?.id ?? "";
    }, PATIENT);
    const opening = { podId: pod, container: "web", command: ["sh", "-c", "n=0; while read x; do n=$((n + 1)); echo $n $x; done; exit 5"], columns: 0, rows: 0, idempotencyKey: randomUUID() };
    const sessionId = accepted((await first.executeWith(RETRYING, OpenTerminalDocument, { input: opening })).openTerminal).session?.id ?? "";
    const shown: { text: string; sequences: number[]; exitCode: number | null }[] = [];
    // One reader on each; each goes on by itself when its server is back.
    const reading = clients.map(async (client) => {
      const seen: (typeof shown)[number] = { text: "", sequences: [], exitCode: null };
      shown.push(seen);
      for await (const { terminal } of client.subscribe(WatchTerminalDocument, { sessionId }, { silenceMs: Infinity })) {
        seen.text += terminal.data;
        seen.sequences.push(terminal.sequence);
        seen.exitCode = terminal.exitCode;
      }
    });
    let sequence = 0;
    let expected = "";
    const type = async (client: SelvedgeClient, word: string): Promise<void> => {
      sequence += 1;
      // Twice, as a retry does whose answer was lost.
      for (let time = 0; time < 2; time += 1) accepted((await client.executeWith(RETRYING, SendTerminalInputDocument, { input: { sessionId, sequence, data: `${word}\n` } })).sendTerminalInput);
      expected += `${sequence} ${word}\n`;
    };
    const isShown = (index: number) => eventually(() => expect(shown[index]?.text).toBe(expected), PATIENT);
    await type(first, "begun");
    await Promise.all([isShown(0), isShown(1)]);
    for (const [index, victim] of [gateways[0], apis[0], gateways[1], apis[1]].entries()) {
      await victim.kill9();
      const alive = victim === apis[0] ? 1 : 0;
      await type(alive === 1 ? second : first, `without-${index}`);
      await isShown(alive);
      await victim.start();
      await type(victim === apis[1] ? second : first, `with-${index}`);
      await Promise.all([isShown(0), isShown(1)]);
    }
    sequence += 1;
    accepted((await second.executeWith(RETRYING, SendTerminalInputDocument, { input: { sessionId, sequence, data: "\u0004" } })).sendTerminalInput);
    await Promise.all(reading);
    for (const { sequences, exitCode } of shown) {
      expect(sequences).toEqual(sequences.map((_, index) => index + 1));
      expect(exitCode).toBe(5);
    }
  });
});
