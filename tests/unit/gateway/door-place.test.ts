import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { clearDoorPlaces, makeDoorPlace } from "#server/gateway/door-place.ts";

const HOUR = 3_600_000;
const parents: string[] = [];
afterEach(async () => {
  for (const parent of parents.splice(0)) await rm(parent, { recursive: true, force: true });
});
async function newParent(): Promise<string> {
  const parent = await mkdtemp(path.join(tmpdir(), "selvedge-tests-doors-"));
  parents.push(parent);
  return parent;
}

test("nobody else may enter, and nothing is left of it", async () => {
  const parent = await newParent();
  const place = await makeDoorPlace(parent);
  expect((await stat(path.dirname(place.path))).mode & 0o777).toBe(0o700);
  await place.remove();
  expect(await readdir(parent)).toEqual([]);
});

test("what a killed process left is cleared; what lives, is young, or is no door stays", async () => {
  const parent = await newParent();
  const dead = await makeDoorPlace(parent);
  const child = spawn(process.execPath, ["-e", `require("net").createServer().listen(${JSON.stringify(dead.path)}, () => console.log("listens"))`], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  const living = await makeDoorPlace(parent);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(living.path, resolve));
  const young = await makeDoorPlace(parent);
  const old = await makeDoorPlace(parent);
  const yesterday = new Date(Date.now() - 24 * HOUR);
  await utimes(path.dirname(old.path), yesterday, yesterday);
  await utimes(path.dirname(living.path), yesterday, yesterday);
  // Neither of them is ours to remove.
  await mkdir(path.join(parent, "elsewhere"));
  await symlink(path.join(parent, "elsewhere"), path.join(parent, "selvedge-door-link"));
  await writeFile(path.join(parent, "selvedge-door-file"), "");

  try {
    expect(await clearDoorPlaces(Date.now(), parent)).toBe(2);
    const left = [living, young].map((place) => path.basename(path.dirname(place.path)));
    expect((await readdir(parent)).toSorted()).toEqual([...left, "elsewhere", "selvedge-door-file", "selvedge-door-link"].toSorted());
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
