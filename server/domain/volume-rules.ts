/** The rules of a template's volumes, and of where containers mount them. */
import { type DomainError, invalid } from "./errors.ts";
import { checkVolumeName } from "./names.ts";
import { checkFilePath, plainPath } from "./path-rules.ts";
import type { Volume, VolumeMount, VolumeSource } from "./pod-template.ts";
import { TEMPLATE_LIMITS, within } from "./template-limits.ts";
import { quoted } from "./text.ts";

type Path = readonly string[];

export function checkVolumes(at: Path, volumes: readonly Volume[]): DomainError[] {
  if (volumes.length > TEMPLATE_LIMITS.volumes) return [invalid(at, `The template has ${volumes.length} volumes; at most ${TEMPLATE_LIMITS.volumes} are allowed.`)];
  const errors: DomainError[] = [];
  const names = new Set<string>();
  for (const [index, { name, source }] of volumes.entries()) {
    const place = [...at, String(index)];
    errors.push(...checkVolumeName([...place, "name"], name));
    if (names.has(name)) errors.push(invalid([...place, "name"], `The volume name ${quoted(name)} is given twice.`));
    names.add(name);
    if (source.type !== "EmptyDirVolume" || source.sizeLimitMiB === null || within(source.sizeLimitMiB, 1, TEMPLATE_LIMITS.emptyDirMiB)) continue;
    errors.push(
      invalid(
        [...place, "source", "emptyDir", "sizeLimitMiB"],
        `Volume ${quoted(name)}: sizeLimitMiB ${source.sizeLimitMiB} is out of range; 1 to ${TEMPLATE_LIMITS.emptyDirMiB} are allowed.`,
      ),
    );
  }
  return errors;
}

/** `volumes`: the template's, by name. A mount of a volume that is no good itself is not told besides. */
export function checkVolumeMounts(at: Path, who: string, mounts: readonly VolumeMount[], volumes: ReadonlyMap<string, VolumeSource>): DomainError[] {
  if (mounts.length > TEMPLATE_LIMITS.volumeMounts) return [invalid(at, `${who} has ${mounts.length} volume mounts; at most ${TEMPLATE_LIMITS.volumeMounts} are allowed.`)];
  const errors: DomainError[] = [];
  const taken = new Set<string>();
  for (const [index, { volume, mountPath, readOnly }] of mounts.entries()) {
    const place = [...at, String(index)];
    const source = volumes.get(volume);
    if (!source) errors.push(invalid([...place, "volume"], `${who}: the template has no volume ${quoted(volume)}.`));
    // Files of a ConfigMap or Secret are replaced as it changes: what a container wrote there would be lost.
    else if (source.type !== "EmptyDirVolume" && !readOnly)
      errors.push(invalid([...place, "readOnly"], `${who}: volume ${quoted(volume)} is of a ${source.type === "SecretVolume" ? "Secret" : "ConfigMap"}, and can be mounted read-only alone.`));
    errors.push(...checkMountPath([...place, "mountPath"], who, mountPath));
    const plain = plainPath(mountPath);
    if (taken.has(plain)) errors.push(invalid([...place, "mountPath"], `${who}: something is mounted at ${quoted(mountPath)} already.`));
    taken.add(plain);
  }
  return errors;
}

function checkMountPath(at: Path, who: string, path: string): DomainError[] {
  const errors = checkFilePath(at, `${who}: the mount path`, path);
  if (errors.length > 0) return errors;
  if (path.includes(":")) return [invalid(at, `${who}: the mount path ${quoted(path)} has a ':' in it.`)];
  return plainPath(path) === "/" ? [invalid(at, `${who}: a volume can't be mounted over the whole file system.`)] : [];
}
