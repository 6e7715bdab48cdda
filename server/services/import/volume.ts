/** Volumes of a manifest's pods, and where its containers mount them. */
import type { Volume, VolumeMount, VolumeSource } from "../../domain/pod-template.ts";
import { memoryMiBOf } from "../../domain/quantity.ts";
import { referred } from "./env.ts";
import type { ManifestReader } from "./reader.ts";
import type { FindConfig } from "./references.ts";

export interface Volumes {
  readonly kept: readonly Volume[];
  /** Names of those that can't be had here: their mounts are left out. */
  readonly left: ReadonlySet<string>;
}

/** Kubernetes' own mode of such files, which it shows where nobody chose one: 0644, which YAML 1.2 reads as a decimal number. */
const DEFAULT_MODES = [0o644, 644];

export function volumesOf(spec: ManifestReader | null, find: FindConfig): Volumes {
  const kept: Volume[] = [];
  const left = new Set<string>();
  for (const volume of spec?.maps("volumes") ?? []) {
    const name = volume.text("name") ?? "";
    const source = sourceOf(volume, find);
    if (source) kept.push({ name, source });
    else left.add(name);
  }
  return { kept, left };
}

/** null for a source that is not offered. */
function sourceOf(volume: ManifestReader, find: FindConfig): VolumeSource | null {
  const configMap = volume.map("configMap");
  const secret = volume.map("secret");
  const emptyDir = volume.map("emptyDir");
  const others = volume.unread;
  if (configMap || secret || emptyDir) volume.finish();
  else if (others.length > 0) {
    for (const other of others) volume.warn(other, "is not honoured: the volume and its mounts are left out.");
    return null;
  }
  const reference = configMap ?? secret;
  if (!reference) return emptyDirOf(emptyDir);
  const kind = configMap ? "ConfigMap" : "Secret";
  const found = referred(reference, kind, find, "an empty directory takes its place", configMap ? "name" : "secretName");
  if (reference.has("items")) reference.warn("items", "is not honoured: every key is a file of its name.");
  reference.passIf("defaultMode", ...DEFAULT_MODES);
  reference.pass("items");
  reference.finish();
  // What is optional and not there is an empty directory in Kubernetes too; else this is a fault already.
  if (!found) return { type: "EmptyDirVolume", sizeLimitMiB: null };
  const { name, known } = found;
  return configMap ? { type: "ConfigMapVolume", configMapId: known.id, name } : { type: "SecretVolume", secretId: known.id, name };
}

function emptyDirOf(emptyDir: ManifestReader | null): VolumeSource {
  const text = emptyDir?.scalar("sizeLimit") ?? null;
  const sizeLimitMiB = text === null ? null : memoryMiBOf(text);
  if (text !== null && sizeLimitMiB === null) emptyDir?.fail("sizeLimit", "is not a quantity such as 500Mi or 1Gi.");
  emptyDir?.finish();
  // A limit of 0 is none.
  return { type: "EmptyDirVolume", sizeLimitMiB: sizeLimitMiB || null };
}

export function volumeMountsOf(container: ManifestReader, { kept, left }: Volumes): VolumeMount[] {
  return container.maps("volumeMounts").flatMap((mount): VolumeMount[] => {
    const volume = mount.text("name") ?? "";
    if (left.has(volume)) return [];
    const source = kept.find(({ name }) => name === volume)?.source;
    const readOnly = mount.flag("readOnly") ?? false;
    for (const part of ["subPath", "subPathExpr"]) if (mount.has(part)) mount.warn(part, "is not honoured: the whole volume is mounted.");
    mount.pass("subPath", "subPathExpr");
    const result = {
      volume,
      mountPath: mount.text("mountPath") ?? "",
      // As in Kubernetes, whatever the manifest says: such files can't be written.
      readOnly: readOnly || (source !== undefined && source.type !== "EmptyDirVolume"),
    };
    mount.finish();
    return [result];
  });
}
