#!/usr/bin/env node
// Starts the command line under a Node that runs TypeScript. Machines often have an older one first in their path, so this file alone is
// JavaScript that Node 20 understands: it looks for the Node 24 that the project brings along and hands over to it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST = 24;
const main = join(dirname(fileURLToPath(import.meta.url)), "main.ts");

if (Number.parseInt(process.versions.node, 10) >= OLDEST) {
  await import(main);
} else {
  const node = bundledNode();
  if (node === null) {
    process.stderr.write(`selvedge needs Node ${OLDEST} or newer (this is ${process.versions.node}); run npm ci in the project to get it.\n`);
    process.exit(2);
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  // Ctrl-C reaches the child by itself, and the child decides what it means; this process only waits for it.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("error", (error) => {
    process.stderr.write(`selvedge could not start ${node}: ${error.message}\n`);
    process.exit(2);
  });
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
}

/** The executable of the package node-<platform>-<arch>, from the nearest node_modules that has it. */
function bundledNode() {
  const inside = join("node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
  for (let folder = dirname(main); ; folder = dirname(folder)) {
    const candidate = join(folder, inside);
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) return null;
  }
}
