import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";

/** A fault planted into a module: this text, which is there once, is replaced. */
export interface Fault {
  readonly name: string;
  readonly text: string;
  readonly by: string;
}

/** A module of the project with a fault in it, or as it is. Only of one that imports types alone: it is loaded from its text. */
export async function mutated<Module>(path: string, fault?: Fault): Promise<Module> {
  const source = await readFile(path, "utf8");
  if (fault && source.split(fault.text).length !== 2) throw new Error(`${path} does not have this text once: ${fault.text}`);
  // A function: in a text that is given as it is, "$&" would mean something.
  const changed = fault ? source.replace(fault.text, () => fault.by) : source;
  const code = stripTypeScriptTypes(changed);
  return import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`) as Promise<Module>;
}
