import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DirectoryInUse, loadSecrets, lockDataDirectory, makeDataDirectory } from "#server/config/data-directory.ts";

let parent: string;
let directory: string;
beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), "selvedge-data-"));
  directory = path.join(parent, "deep", "data");
  await makeDataDirectory(directory);
});
afterEach(() => rm(parent, { recursive: true, force: true }));

/** Another process that takes the lock and holds it until it is killed. */
async function holder(): Promise<{ pid: number; kill(): Promise<void> }> {
  const module = new URL("../../../server/config/data-directory.ts", import.meta.url).href;
  const script = `const { lockDataDirectory } = await import(${JSON.stringify(module)}); lockDataDirectory(${JSON.stringify(directory)}); console.log("held"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.once("exit", reject);
  });
  return {
    pid: child.pid as number,
    kill: async () => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    },
  };
}

test("a second process is refused, and told who is there", async () => {
  const other = await holder();
  try {
    expect(() => lockDataDirectory(directory)).toThrow(DirectoryInUse);
    expect(() => lockDataDirectory(directory)).toThrow(`(process ${other.pid}) is running on the data directory ${directory}`);
  } finally {
    await other.kill();
  }
});

test("a killed process holds nothing", async () => {
  await (await holder()).kill();
  lockDataDirectory(directory).release();
});

test("a released lock can be taken again, a held one not even by the same process", () => {
  const lock = lockDataDirectory(directory);
  expect(() => lockDataDirectory(directory)).toThrow(DirectoryInUse);
  lock.release();
  lockDataDirectory(directory).release();
});

test("missing folders above it are made too, and one that is there stays as it is", async () => {
  expect((await stat(directory)).mode & 0o777).toBe(0o711);
  await chmod(directory, 0o700);
  await makeDataDirectory(directory);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
});

test.runIf(process.platform === "linux")("where nothing can be made, that is said at once", async () => {
  await expect(makeDataDirectory("/proc/selvedge/data")).rejects.toThrow(/^SELVEDGE_DATA_DIR must be a folder .*\/proc\/selvedge\/data/);
});

test("a file, or a link to nowhere, is no data directory", async () => {
  await writeFile(path.join(parent, "file"), "");
  await symlink(path.join(parent, "nowhere", "else"), path.join(parent, "link"));
  for (const wrong of ["file", "file/below", "link"]) {
    await expect(makeDataDirectory(path.join(parent, wrong))).rejects.toThrow(/^SELVEDGE_DATA_DIR must be a folder/);
  }
});

test("secrets are made once, kept for the owner's eyes only, and stay the same", async () => {
  const settings = { dataDirectory: directory, encryptionKey: null, previousEncryptionKeys: [], adminToken: null };
  const first = await loadSecrets(settings);
  expect(first.encryptionKey).toHaveLength(32);
  expect(first.adminToken).toMatch(/^slv_[\w-]{43}$/);
  expect(first.tokenFile).toBe(path.join(directory, "token"));
  expect((await readFile(path.join(directory, "token"), "utf8")).trim()).toBe(first.adminToken);
  for (const name of ["token", "encryption-key"]) expect((await stat(path.join(directory, name))).mode & 0o777).toBe(0o600);
  expect(await loadSecrets(settings)).toEqual(first);
});

test("two installations share no secret", async () => {
  const first = await loadSecrets({ dataDirectory: directory, encryptionKey: null, previousEncryptionKeys: [], adminToken: null });
  const elsewhere = path.join(parent, "other");
  await makeDataDirectory(elsewhere);
  const second = await loadSecrets({ dataDirectory: elsewhere, encryptionKey: null, previousEncryptionKeys: [], adminToken: null });
  expect(second.adminToken).not.toBe(first.adminToken);
  expect(second.encryptionKey).not.toEqual(first.encryptionKey);
});

test("what is set wins, is not written down, and a token kept before does not lie around", async () => {
  await loadSecrets({ dataDirectory: directory, encryptionKey: null, previousEncryptionKeys: [], adminToken: null });
  const token = "s".repeat(40);
  expect(await loadSecrets({ dataDirectory: directory, encryptionKey: new Uint8Array(32), previousEncryptionKeys: [], adminToken: token })).toEqual({
    encryptionKey: new Uint8Array(32),
    previousKeys: [],
    adminToken: token,
    tokenFile: null,
  });
  await expect(stat(path.join(directory, "token"))).rejects.toThrow(/ENOENT/);
});

test("a damaged key is an error, never replaced", async () => {
  await writeFile(path.join(directory, "encryption-key"), "short\n");
  await expect(loadSecrets({ dataDirectory: directory, encryptionKey: null, previousEncryptionKeys: [], adminToken: null })).rejects.toThrow(/does not hold 32 bytes/);
  expect(await readFile(path.join(directory, "encryption-key"), "utf8")).toBe("short\n");
});

test("what a start that was killed left of a key is written anew, whole", async () => {
  await writeFile(path.join(directory, "encryption-key.new"), "aGFsZg");
  const { encryptionKey } = await loadSecrets({ dataDirectory: directory, encryptionKey: null, previousEncryptionKeys: [], adminToken: null });
  expect(await readFile(path.join(directory, "encryption-key"), "utf8")).toBe(`${Buffer.from(encryptionKey).toString("base64")}\n`);
  expect((await stat(path.join(directory, "encryption-key"))).mode & 0o777).toBe(0o600);
});
