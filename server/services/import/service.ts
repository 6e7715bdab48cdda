/**
 * A Kubernetes Service (v1) as a service of an application. Pure: which application its selector finds is not known here, and neither is what the
 * names of ports mean there.
 */
import { checkPortName } from "../../domain/names.ts";
import type { Label, PodTemplate, Protocol } from "../../domain/pod-template.ts";
import type { ServicePort } from "../../domain/service.ts";
import { quoted } from "../../domain/text.ts";
import { metadataOf } from "./metadata.ts";
import { boundedWarnings, ManifestReader, Notes } from "./reader.ts";

export interface ServiceManifest {
  readonly name: string;
  /** Pods with all of these labels; never empty without an error. */
  readonly selector: readonly Label[];
  readonly ports: readonly ServiceManifestPort[];
  /** Why it is nothing for this platform; then the rest means nothing. */
  readonly skipped: string | null;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

export interface ServiceManifestPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** A number, or the name of a container's port. */
  readonly target: number | string;
}

const OUTSIDE = "is not honoured: it gets an address inside its VPC; from outside it is reached through a load balancer.";

/** `namespace`: where the import goes. */
export function serviceOfManifest(manifest: Readonly<Record<string, unknown>>, namespace: string): ServiceManifest {
  const notes = new Notes();
  const top = new ManifestReader(manifest, notes);
  const { name, description, rest } = metadataOf(top, namespace);
  if (description !== null) rest?.warn("annotations", "is not honoured: a service has no description.");
  rest?.finish();
  const spec = top.map("spec");
  if (!spec) top.fail("spec", "is missing.");
  const type = spec?.text("type") ?? "ClusterIP";
  const skipped = type === "ExternalName" ? "A Service of type ExternalName is an alias in DNS, which is not offered." : null;
  const selector = spec?.pairs("selector") ?? [];
  if (spec && selector.length === 0) spec.fail("selector", "is missing: a service leads to the pods of an application.");
  const ports = spec ? portsOf(spec) : [];
  if (type === "LoadBalancer" || type === "NodePort") spec?.warn("type", OUTSIDE);
  else if (type !== "ClusterIP" && skipped === null) spec?.fail("type", "must be ClusterIP, NodePort, LoadBalancer or ExternalName.");
  const address = spec?.text("clusterIP") ?? "";
  if (address === "None") spec?.warn("clusterIP", "is not honoured: it gets an address of its own, so its name leads there and not to each pod.");
  else if (address !== "") spec?.warn("clusterIP", "is not honoured: the address is chosen on each cluster.");
  spec?.passIf("sessionAffinity", "None");
  spec?.passIf("ipFamilyPolicy", "SingleStack");
  for (const policy of ["internalTrafficPolicy", "externalTrafficPolicy"]) spec?.passIf(policy, "Cluster");
  // Both repeat clusterIP as the server keeps it.
  spec?.pass("clusterIPs", "ipFamilies");
  spec?.finish();
  top.finish();
  return { name, selector, ports, skipped, errors: notes.errors, warnings: boundedWarnings(notes.warnings) };
}

function portsOf(spec: ManifestReader): ServiceManifestPort[] {
  const readers = spec.maps("ports");
  const ports = readers.flatMap((port): ServiceManifestPort[] => {
    const number = port.integer("port");
    const protocol = port.text("protocol") ?? "TCP";
    const given = port.text("name");
    const target = port.scalar("targetPort");
    port.finish();
    if (protocol !== "TCP" && protocol !== "UDP") {
      port.warn("protocol", "is not honoured: the port is left out, because only TCP and UDP are offered.");
      return [];
    }
    if (number === null) port.fail("port", "is missing.");
    const name = given ?? `${protocol.toLowerCase()}-${number}`;
    const fits = checkPortName([], name).length === 0;
    const called = `${protocol.toLowerCase()}-${number}`;
    if (!fits) port.warn("name", `is not honoured: the port is called ${called}, because a name has at most 15 characters and a letter.`);
    const isNumber = target === null || target === "" || target === "0" || /^\d{1,9}$/.test(target);
    return [{ name: fits ? name : called, protocol, port: number ?? 0, target: isNumber ? Number(target) || (number ?? 0) : target }];
  });
  if (ports.length === 0) spec.fail("ports", "has no port that is offered.");
  return ports;
}

/** With the names of ports resolved on the application's containers. */
export function resolvePorts(ports: readonly ServiceManifestPort[], template: PodTemplate): { readonly ports: ServicePort[]; readonly errors: string[] } {
  const errors: string[] = [];
  const resolved = ports.map(({ name, protocol, port, target }, index): ServicePort => {
    if (typeof target === "number") return { name, protocol, port, containerPort: target };
    const found = template.containers.flatMap((container) => container.ports).find((one) => one.name === target && one.protocol === protocol);
    if (!found) errors.push(`spec.ports.${index}.targetPort ${quoted(target)} is no ${protocol} port of the application's containers.`);
    return { name, protocol, port, containerPort: found?.containerPort ?? 0 };
  });
  return { ports: resolved, errors };
}

/** Whether a selector finds pods of these labels. */
export const selects = (selector: readonly Label[], labels: readonly Label[]): boolean =>
  selector.every(({ key, value }) => labels.some((label) => label.key === key && label.value === value));
