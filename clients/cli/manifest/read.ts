import { type Document, parseAllDocuments } from "yaml";

/** A manifest's object as the file has it. */
export type Manifest = Readonly<Record<string, unknown>>;

export const isMap = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * The objects of a file, Lists unfolded. For showing only: what a file means is the server's to say, so what can't be read here is left out
 * instead of refused.
 */
export function readObjects(text: string): Manifest[] {
  const documents = parseAllDocuments(text, { merge: true, uniqueKeys: false, logLevel: "silent" });
  const values = "empty" in documents ? [] : documents.map(valueOf);
  return values.flatMap((value) => (isMap(value) && value["kind"] === "List" && Array.isArray(value["items"]) ? (value["items"] as unknown[]) : [value])).filter(isMap);
}

function valueOf(document: Document.Parsed): unknown {
  try {
    return document.errors.length > 0 ? null : document.toJS();
  } catch {
    // Aliases without end.
    return null;
  }
}

export function findObject(objects: readonly Manifest[], kind: string, name: string): Manifest | undefined {
  return objects.find((object) => object["kind"] === kind && isMap(object["metadata"]) && object["metadata"]["name"] === name);
}

const DESCRIPTION = "selvedge.io/description";

/** What an object of a file says of itself, in an annotation; undefined where it does not, which leaves a description as it is. */
export function descriptionOf(object: Manifest): string | undefined {
  const annotations = isMap(object["metadata"]) ? object["metadata"]["annotations"] : undefined;
  const description = isMap(annotations) ? annotations[DESCRIPTION] : undefined;
  return typeof description === "string" ? description : undefined;
}
