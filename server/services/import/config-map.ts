/** Kubernetes' ConfigMap (v1) as a ConfigMap of ours. Pure. No value stands in a message: people keep passwords in these, too. */
import type { ConfigEntry } from "../../domain/configuration.ts";
import { textOfBase64 } from "./base64.ts";
import { metadataOf } from "./metadata.ts";
import { boundedWarnings, ManifestReader, Notes } from "./reader.ts";

export interface ConfigMapManifest {
  readonly name: string;
  /** null where it is not said: what is there stays. */
  readonly description: string | null;
  readonly data: readonly ConfigEntry[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** `namespace`: where the import goes. */
export function configMapOfManifest(manifest: Readonly<Record<string, unknown>>, namespace: string): ConfigMapManifest {
  const notes = new Notes();
  const top = new ManifestReader(manifest, notes);
  const { name, description, rest } = metadataOf(top, namespace);
  rest?.finish();
  const data = top.pairs("data");
  for (const { key, value } of top.pairs("binaryData")) {
    const decoded = textOfBase64(value);
    if (!decoded.ok) top.fail(`binaryData.${key}`, "must be base64.");
    else if (decoded.text === null) top.warn(`binaryData.${key}`, "is not honoured: it is not text, and is left out.");
    else if (data.some((entry) => entry.key === key)) top.fail(`binaryData.${key}`, "must not stand in data, too.");
    else data.push({ key, value: decoded.text });
  }
  if (top.flag("immutable") === true) top.warn("immutable", "is not honoured: it can be changed.");
  top.finish();
  return { name, description, data, errors: notes.errors, warnings: boundedWarnings(notes.warnings) };
}
