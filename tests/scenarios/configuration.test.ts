import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "#tests/support/eventually.ts";
import { type Api, createApi } from "#tests/support/story.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";

/** Configuration on the real product: on its way to the pods, and nowhere else. */
const CLUSTERS = ["hangzhou-1", "shaoxing-1"];
const SPEED = 10;

let server: ServerProcess;
let api: Api;
beforeAll(async () => {
  server = await startServer({ env: { SELVEDGE_FLEET: "tiny", SELVEDGE_SPEED: String(SPEED), LOG_LEVEL: "debug" } });
  api = createApi(server.client());
}, 120_000);
afterAll(() => server?.dispose());

const unique = (word: string): string => `${word}-${randomUUID().slice(0, 8)}`;

interface Made {
  readonly object: { readonly id: string; readonly version: number; readonly keys: readonly string[] } | null;
  readonly operation: { readonly id: string } | null;
  readonly userErrors: readonly { readonly __typename: string; readonly code: string; readonly path: readonly string[] | null; readonly usedByCount?: number }[];
}

const KINDS = { ConfigMap: "configMap", Secret: "secret" } as const;

async function change(mutation: string, kind: keyof typeof KINDS, input: object): Promise<Made> {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
  const { payload } = await api.ask<{ payload: Made }>(
    `mutation Change($input: ${type}!) { payload: ${mutation}(input: $input) {
      object: ${KINDS[kind]} { id version keys } operation { id } userErrors { __typename code path ... on InUseError { usedByCount } }
    } }`,
    { input },
  );
  return payload;
}

async function made(kind: keyof typeof KINDS, data: Readonly<Record<string, string>>): Promise<string> {
  const { object, userErrors } = await change(`create${kind}`, kind, {
    name: unique(kind.toLowerCase()), namespace: "default", data: Object.entries(data).map(([key, value]) => ({ key, value })),
  });
  expect(userErrors).toEqual([]);
  return object?.id ?? "";
}

it("a change reaches the files of running pods within a minute, without a restart; environment follows at the next one", { timeout: 180_000 }, async () => {
  const configMapId = await made("ConfigMap", { "settings.json": "{}", MODE: "calm" });
  const secretId = await made("Secret", { password: "not-so-secret" });
  const created = await api.create(unique("configured"), {
    clusters: CLUSTERS,
    replicas: 3,
    image: "shop/frontend:1",
    container: {
      env: [
        { name: "MODE", source: { configMapKey: { configMapId, key: "MODE" } } },
        { name: "PASSWORD", source: { secretKey: { secretId, key: "password" } } },
      ],
      volumeMounts: [{ volume: "settings", mountPath: "/etc/settings" }, { volume: "credentials", mountPath: "/etc/credentials" }],
    },
    template: { volumes: [{ name: "settings", source: { configMapId } }, { name: "credentials", source: { secretId } }] },
  });
  await api.ended(created.operationId, "SUCCEEDED");
  const before = await api.podsOf(created.applicationId);
  expect(before).toHaveLength(6);

  const began = performance.now();
  const changed = await change("updateConfigMap", "ConfigMap", { configMapId, data: [{ key: "settings.json", value: '{"loud":true}' }, { key: "MODE", value: "loud" }] });
  expect(changed).toMatchObject({ userErrors: [], object: { version: 2 } });
  const operation = await api.ended(changed.operation?.id ?? "", "SUCCEEDED");
  expect(operation.progress).toEqual({ completed: 6, total: 6 });
  // A minute of the simulation, and what the way there and back takes.
  expect(performance.now() - began).toBeLessThan((60_000 / SPEED) * 1.5 + 5_000);
  const after = new Map((await api.podsOf(created.applicationId)).map((pod) => [pod.id, pod]));
  expect(before.map(({ id }) => [after.get(id)?.startedAt, after.get(id)?.restartCount])).toEqual(before.map(({ startedAt, restartCount }) => [startedAt, restartCount]));

  // What runs refers to it: it stays, and so does the key that a variable names.
  expect((await change("updateConfigMap", "ConfigMap", { configMapId, data: [{ key: "settings.json", value: "{}" }] })).userErrors).toMatchObject([{ code: "IN_USE", usedByCount: 1 }]);
  const { payload } = await api.ask<{ payload: { userErrors: readonly { code: string }[] } }>(
    "mutation Delete($input: DeleteInput!) { payload: deleteSecret(input: $input) { deletedId userErrors { code } } }", { input: { id: secretId } },
  );
  expect(payload.userErrors).toEqual([{ code: "IN_USE" }]);
});

it("values of secrets are in no file, log line or answer, but where they were asked for", { timeout: 180_000 }, async () => {
  const canaries = Array.from({ length: 4 }, () => `canary${randomUUID().replaceAll("-", "")}`);
  const [first, second, third, visible] = canaries as [string, string, string, string];
  // Of a ConfigMap: proves that the search finds what is there.
  const configMapId = await made("ConfigMap", { plain: visible });
  const secretId = await made("Secret", { first, kept: third });
  const created = await api.create(unique("secretive"), {
    clusters: CLUSTERS,
    replicas: 2,
    image: "shop/frontend:1",
    container: {
      env: [{ name: "FIRST", source: { secretKey: { secretId, key: "first" } } }, { name: "PLAIN", source: { configMapKey: { configMapId, key: "plain" } } }],
      volumeMounts: [{ volume: "credentials", mountPath: "/etc/credentials" }],
    },
    template: { volumes: [{ name: "credentials", source: { secretId } }] },
  });
  await api.ended(created.operationId, "SUCCEEDED");
  const changed = await change("updateSecret", "Secret", { secretId, data: [{ key: "first", value: second }] });
  await api.ended(changed.operation?.id ?? "", "SUCCEEDED");
  // Refused, and with a value that does not fit.
  expect((await change("createSecret", "Secret", { name: "Not A Name", namespace: "default", data: [{ key: "a b", value: first }] })).userErrors.length).toBeGreaterThan(0);
  const { revealed } = await api.ask<{ revealed: { data: readonly { key: string; value: string }[] } }>(
    "mutation Reveal($input: RevealSecretInput!) { revealed: revealSecret(input: $input) { data { key value } userErrors { code } } }", { input: { id: secretId } },
  );
  expect(revealed.data).toEqual([{ key: "first", value: second }, { key: "kept", value: third }]);

  // All that shows what there is and what was done: of the Secret names alone.
  const shown = JSON.stringify(await Promise.all([
    `{ application(id: "${created.applicationId}") { manifest } }`,
    `{ application(id: "${created.applicationId}") { revision { template { containers { env { name value secretKey { name key } } } } } } }`,
    `{ application(id: "${created.applicationId}") { revisions(first: 2) { nodes { changes { path before after } } } } }`,
    "{ pods(first: 50) { nodes { name reason message } } }",
    "{ secrets(first: 50) { nodes { name type keys description } } configMaps(first: 10) { nodes { name data { key value } } } }",
    "{ operations(first: 50) { nodes { kind targetName error } } }",
    "{ auditLog(first: 50) { nodes { action outcome targetName input } } }",
  ].map((query) => api.ask<unknown>(query))));
  expect(shown).toContain("secretKeyRef");
  expect(canaries.filter((canary) => shown.includes(canary) || shown.includes(Buffer.from(canary).toString("base64")))).toEqual([visible]);

  const { lines, dataDirectory } = server;
  expect(lines.filter((line) => canaries.some((canary) => line.includes(canary)))).toEqual([]);
  // All that was written is in the files once the server has stopped in order.
  await server.stop();
  const found = await eventually(() => search(dataDirectory, canaries), { deadlineMs: 10_000 });
  expect(found.get(visible)?.some((file) => file.startsWith("postgres/"))).toBe(true);
  for (const secret of [first, second, third]) expect(found.get(secret)).toEqual([]);
  await server.start();
});

/** Files below the folder that hold any of these texts, as they are or in base64 or hex. */
async function search(folder: string, texts: readonly string[]): Promise<Map<string, string[]>> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const found = new Map<string, string[]>(texts.map((text) => [text, []]));
  for (const file of files) {
    const full = path.join(file.parentPath, file.name);
    const bytes = await readFile(full).catch(() => null);
    if (bytes === null) continue;
    for (const text of texts) {
      // Base64 of a text depends on where in a triple it begins: its middle is the same for one of three beginnings.
      const encodings = [text, Buffer.from(text).toString("hex"), ...[0, 1, 2].map((skip) => Buffer.from(text.slice(skip)).toString("base64").slice(0, -4))];
      if (encodings.some((encoded) => bytes.includes(encoded))) found.get(text)?.push(path.relative(folder, full));
    }
  }
  return found;
}
