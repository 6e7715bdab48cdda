import { registerHooks } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** A fault: each of these texts, which is in its file once, is replaced. */
export interface PlantedFault {
  readonly name: string;
  readonly edits: readonly Edit[];
}
export interface Edit {
  /** From the project's root. */
  readonly file: string;
  readonly text: string;
  readonly by: string;
}

const ROOT = pathToFileURL(`${path.resolve(import.meta.dirname, "../..")}/`).href;
/** Of Node itself: a test's own `import` goes elsewhere. */
const NATIVE = "data:text/javascript,export default (url) => import(url)";
const MARK = "?planted=";

/**
 * A module of the project, and all that it leads to within these folders, loaded anew: with a fault in one of these files, or as they are. What lies elsewhere is
 * shared, and may itself lead back into the folders, but not to what is loaded anew: no class or state of theirs may go that way. Each time it stays in memory for as
 * long as the process lives.
 */
export async function plantedGraph<Module>(file: string, folders: readonly string[], fault?: PlantedFault): Promise<Module> {
  const native = (await import(/* @vite-ignore */ NATIVE)) as { readonly default: (url: string) => Promise<unknown> };
  const mark = `${MARK}${process.hrtime.bigint()}`;
  const left = new Set(fault?.edits);
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const belongs = context.parentURL?.endsWith(mark) === true && folders.some((folder) => found.url.startsWith(`${ROOT}${folder}/`));
      return belongs ? { ...found, url: `${found.url}${mark}` } : found;
    },
    load(url, context, next) {
      const loaded = next(url, context);
      const edits = fault?.edits.filter(({ file: edited }) => url === `${ROOT}${edited}${mark}`) ?? [];
      if (edits.length === 0) return loaded;
      let source = Buffer.from(loaded.source as Uint8Array).toString();
      for (const edit of edits) {
        if (source.split(edit.text).length !== 2) throw new Error(`${edit.file} does not have this text once: ${edit.text}`);
        source = source.replace(edit.text, () => edit.by);
        left.delete(edit);
      }
      return { ...loaded, source };
    },
  });
  try {
    const loaded = (await native.default(`${ROOT}${file}${mark}`)) as Module;
    if (left.size > 0) throw new Error(`${file} does not lead to ${[...left].map((edit) => edit.file).join()}`);
    return loaded;
  } finally {
    hooks.deregister();
  }
}
