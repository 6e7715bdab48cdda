import { spawn } from "node:child_process";
import { once } from "node:events";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

/**
 * The peers have a lock and a node_modules of their own, because they bring another graphql. They are installed only when that is asked for; a stamp, written
 * last, tells that all of the present lock is there.
 */
const FOLDER = path.join(import.meta.dirname, "../peers");
const STAMP = path.join(FOLDER, "node_modules/.installed-lock");

const lockHash = async (): Promise<string> => createHash("sha256").update(await readFile(path.join(FOLDER, "package-lock.json"))).digest("hex");

export async function peersInstalled(): Promise<boolean> {
  return (await readFile(STAMP, "utf8").catch(() => null)) === (await lockHash());
}

/** With the npm that runs us. @throws where npm does not succeed */
export async function installPeers(): Promise<void> {
  const npm = process.env["npm_execpath"];
  const [file, first] = npm === undefined ? ["npm", []] : [process.execPath, [npm]];
  const child = spawn(file, [...first, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", FOLDER], { cwd: FOLDER, stdio: ["ignore", "inherit", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`npm ci in ${FOLDER} ended with ${code}`);
  await writeFile(STAMP, await lockHash());
}

/** `postgraphile 5.1.5, …`: what the figures are of. */
export async function peerVersions(): Promise<string> {
  const names = ["postgraphile", "mercurius", "fastify", "graphql"];
  const versions = names.map(async (name) => {
    const { version } = JSON.parse(await readFile(path.join(FOLDER, "node_modules", name, "package.json"), "utf8")) as { version: string };
    return `${name} ${version}`;
  });
  return (await Promise.all(versions)).join(", ");
}
