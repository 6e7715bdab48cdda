import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { freePort } from "#tests/support/ports.ts";
import { endProcesses, removeDirectory, run, type Run, temporaryDirectory } from "#tests/support/runtime.ts";

/** Another encryption key on a data directory that has Secrets, as docs/secrets.md tells to change it: by the file, and by the setting. */
const DONE = "all Secrets are under the current encryption key";
const VALUE = "canary-5e1f-rotation";

const runs: Run[] = [];
const directories: string[] = [];
afterEach(async () => {
  for (const started of runs.splice(0)) {
    started.kill("SIGKILL");
    await started.exit;
  }
  for (const directory of directories.splice(0)) {
    await endProcesses(directory);
    await removeDirectory(directory);
  }
});

const newKey = (): string => randomBytes(32).toString("base64");

describe.runIf(process.platform === "linux")("the encryption key", { timeout: 120_000 }, () => {
  test("is changed with the ones before it at hand; then these are needed no more, and open nothing", async () => {
    const directory = await temporaryDirectory();
    directories.push(directory);
    const port = await freePort();
    const start = async (env: Readonly<Record<string, string>> = {}): Promise<Run> => {
      const started = run({ PORT: String(port), SELVEDGE_DATA_DIR: directory, ...env });
      runs.push(started);
      await started.ready();
      return started;
    };
    const stop = async (started: Run): Promise<void> => {
      started.kill("SIGTERM");
      expect(await started.exit).toEqual({ code: 0, signal: null });
    };
    const token = async (): Promise<string> => (await readFile(path.join(directory, "token"), "utf8")).trim();
    const ask = async <T>(query: string, variables: object = {}, as?: string): Promise<T> => {
      const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${as ?? (await token())}` },
        body: JSON.stringify({ query, variables }),
      });
      const answer = (await response.json()) as { data?: T; errors?: unknown };
      if (!answer.data) throw new Error(JSON.stringify(answer.errors));
      return answer.data;
    };
    const create = (name: string, idempotencyKey: string) =>
      ask<{ createSecret: { secret: { id: string } | null; userErrors: { code: string }[] } }>(
        "mutation ($input: CreateSecretInput!) { createSecret(input: $input) { secret { id } userErrors { code } } }",
        { input: { name, namespace: "default", data: [{ key: "password", value: VALUE }], idempotencyKey } },
      ).then(({ createSecret }) => createSecret);
    const reveal = (id: string) =>
      ask<{ revealSecret: { data: { value: string }[]; userErrors: { code: string }[] } }>("mutation ($input: RevealSecretInput!) { revealSecret(input: $input) { data { value } userErrors { code } } }", { input: { id } }).then(
        ({ revealSecret }) => revealSecret,
      );
    const opened = { data: [{ value: VALUE }], userErrors: [] };

    const first = await start();
    const made = await create("db", "once");
    const id = made.secret?.id ?? "";
    expect(await reveal(id)).toEqual(opened);
    const firstToken = await token();
    await stop(first);
    const keyFile = path.join(directory, "encryption-key");
    const firstKey = (await readFile(keyFile, "utf8")).trim();

    // By the file that the first start made.
    const secondKey = newKey();
    await writeFile(keyFile, `${secondKey}\n`);
    const second = await start({ SELVEDGE_PREVIOUS_ENCRYPTION_KEYS: firstKey });
    expect(await second.said(DONE)).toMatchObject({ secrets: 1 });
    expect(await reveal(id)).toEqual(opened);
    // What was accepted before is known again by its key, whatever key fingerprinted it.
    expect(await create("db", "once")).toEqual(made);
    expect(await token()).not.toBe(firstToken);
    await expect(ask("{ viewer { role } }", {}, firstToken)).rejects.toThrow(/UNAUTHENTICATED/);
    await stop(second);

    // By the setting, which wins over the file. Killed and started again: Postgres, left running, has the password of the key before.
    const thirdKey = newKey();
    const third = await start({ SELVEDGE_ENCRYPTION_KEY: thirdKey, SELVEDGE_PREVIOUS_ENCRYPTION_KEYS: `${firstKey}, ${secondKey}` });
    await third.said(DONE);
    third.kill("SIGKILL");
    await third.exit;
    const fourth = await start({ SELVEDGE_ENCRYPTION_KEY: thirdKey });
    expect(await reveal(id)).toEqual(opened);
    expect((await create("other", "twice")).userErrors).toEqual([]);
    await stop(fourth);

    // The keys before are no keys any more.
    const refused = run({ PORT: String(port), SELVEDGE_DATA_DIR: directory, SELVEDGE_PREVIOUS_ENCRYPTION_KEYS: firstKey });
    runs.push(refused);
    expect(await refused.exit).toEqual({ code: 1, signal: null });
    expect(refused.errors).toEqual([expect.stringContaining("SELVEDGE_PREVIOUS_ENCRYPTION_KEYS")]);
    for (const { log, errors, printed } of runs) expect(JSON.stringify([log, errors, printed])).not.toContain(VALUE);
    for (const key of [firstKey, secondKey, thirdKey]) for (const { log, errors, printed } of runs) expect(JSON.stringify([log, errors, printed])).not.toContain(key.slice(0, 20));
  });
});
