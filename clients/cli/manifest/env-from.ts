import { isMap, type Manifest } from "./read.ts";

/**
 * An import writes an envFrom out as the variables that its ConfigMaps and Secrets have at that time, so the present application has many that
 * the file does not name. Here those are taken away again, and the envFrom itself, which then says nothing that can be compared. Both objects
 * are normalised ones; `file` is as it was read.
 */
export function withoutExpanded(object: Manifest, file: Manifest): Manifest {
  const whole = new Map(containersOf(file).filter(({ envFrom }) => Array.isArray(envFrom) && envFrom.length > 0).map((container) => [container["name"], container]));
  if (whole.size === 0) return object;
  const copy = structuredClone(object) as Record<string, unknown>;
  for (const container of containersOf(copy)) {
    const written = whole.get(container["name"]);
    if (written === undefined) continue;
    const own = new Set(mapsOf(written["env"]).map(({ name }) => name));
    const sources = new Set(mapsOf(written["envFrom"]).flatMap((source) => [nameIn(source["configMapRef"]), nameIn(source["secretRef"])]));
    container["env"] = mapsOf(container["env"]).filter((variable) => own.has(variable["name"]) || !sources.has(referredBy(variable)));
    delete container["envFrom"];
    if (mapsOf(container["env"]).length === 0) delete container["env"];
  }
  return copy;
}

function referredBy({ valueFrom }: Manifest): unknown {
  if (!isMap(valueFrom)) return undefined;
  return nameIn(valueFrom["configMapKeyRef"]) ?? nameIn(valueFrom["secretKeyRef"]);
}

const nameIn = (reference: unknown): unknown => (isMap(reference) ? reference["name"] : undefined);
const mapsOf = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isMap) : []);

export function containersOf(deployment: Manifest): Record<string, unknown>[] {
  const template = isMap(deployment["spec"]) ? deployment["spec"]["template"] : undefined;
  const spec = isMap(template) ? template["spec"] : undefined;
  return isMap(spec) ? mapsOf(spec["containers"]) : [];
}
