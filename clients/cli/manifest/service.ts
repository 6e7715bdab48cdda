import { containersOf } from "./env-from.ts";
import { isMap, type Manifest } from "./read.ts";

/** A Service as far as it can be compared with one that is there: its ports by number, on each of the clusters. */
export function normalisedService(manifest: Manifest, objects: readonly Manifest[], clusters: readonly string[]): Manifest {
  const spec = isMap(manifest["spec"]) ? manifest["spec"] : {};
  const behind = objects.find((object) => object["kind"] === "Deployment" && selects(spec["selector"], object));
  const named = new Map((behind === undefined ? [] : containersOf(behind)).flatMap(({ ports }) => (Array.isArray(ports) ? ports.filter(isMap) : [])).map((port) => [port["name"], port["containerPort"]]));
  const ports = (Array.isArray(spec["ports"]) ? spec["ports"].filter(isMap) : []).map((port) => {
    const target = port["targetPort"] ?? port["port"];
    return { port: port["port"], protocol: port["protocol"] ?? "TCP", targetPort: named.get(target) ?? target };
  });
  return { clusters: Object.fromEntries(clusters.map((code) => [code, { ports }])) };
}

function selects(selector: unknown, deployment: Manifest): boolean {
  const template = isMap(deployment["spec"]) ? deployment["spec"]["template"] : undefined;
  const metadata = isMap(template) ? template["metadata"] : undefined;
  const labels = isMap(metadata) && isMap(metadata["labels"]) ? metadata["labels"] : {};
  return isMap(selector) && Object.keys(selector).length > 0 && Object.entries(selector).every(([key, value]) => labels[key] === value);
}
