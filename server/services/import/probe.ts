/** Probes and hooks of a manifest's container. */
import type { ContainerPort, Lifecycle, Probe, ProbeHandler } from "../../domain/pod-template.ts";
import type { ManifestReader } from "./reader.ts";

const HANDLERS = ["httpGet", "tcpSocket", "exec", "grpc"] as const;

/** `ports`: the container's, which a probe may name. */
export function probeOf(container: ManifestReader, key: "livenessProbe" | "readinessProbe", ports: readonly ContainerPort[]): Probe | null {
  const probe = container.map(key);
  if (!probe) return null;
  // 0 is Kubernetes' way to leave a number out.
  const number = (name: string, otherwise: number): number => probe.integer(name) || otherwise;
  const result = {
    handler: handlerOf(probe, ports),
    initialDelaySeconds: number("initialDelaySeconds", 0),
    periodSeconds: number("periodSeconds", 10),
    timeoutSeconds: number("timeoutSeconds", 1),
    successThreshold: number("successThreshold", 1),
    failureThreshold: number("failureThreshold", 3),
  };
  probe.finish();
  return result;
}

function handlerOf(probe: ManifestReader, ports: readonly ContainerPort[]): ProbeHandler {
  const given = HANDLERS.filter((name) => probe.has(name));
  if (given.length !== 1) probe.fail("", `must have one of ${HANDLERS.join(", ")}.`);
  const [type = "exec"] = given;
  const handler = probe.map(type);
  probe.pass(...HANDLERS);
  const result = handler ? HANDLED[type](handler, ports) : ({ type: "ExecProbe", command: [] } as const);
  handler?.finish();
  return result;
}

const HANDLED: Readonly<Record<(typeof HANDLERS)[number], (handler: ManifestReader, ports: readonly ContainerPort[]) => ProbeHandler>> = {
  httpGet: (handler, ports) => {
    if (handler.has("host")) handler.warn("host", "is not honoured: the pod itself is asked.");
    const scheme = handler.text("scheme");
    if (scheme !== null && scheme.toUpperCase() !== "HTTP") handler.warn("scheme", "is not honoured: the probe speaks HTTP.");
    handler.pass("host");
    const headers = handler.maps("httpHeaders").map((header) => {
      const result = { name: header.text("name") ?? "", value: header.text("value") ?? "" };
      header.finish();
      return result;
    });
    return { type: "HttpGetProbe", path: handler.text("path") || "/", port: portOf(handler, ports), headers };
  },
  tcpSocket: (handler, ports) => {
    if (handler.has("host")) handler.warn("host", "is not honoured: the pod itself is asked.");
    handler.pass("host");
    return { type: "TcpSocketProbe", port: portOf(handler, ports) };
  },
  exec: (handler) => ({ type: "ExecProbe", command: handler.texts("command") }),
  grpc: (handler) => ({ type: "GrpcProbe", port: handler.integer("port") ?? 0, service: handler.text("service") }),
};

/** A number, or the name of one of the container's ports. */
function portOf(handler: ManifestReader, ports: readonly ContainerPort[]): number {
  const text = handler.scalar("port") ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const named = ports.find(({ name }) => name === text);
  if (named) return named.containerPort;
  handler.fail("port", "is neither a number nor the name of a port of the container.");
  return 0;
}

/** null where no hook is a command. */
export function lifecycleOf(container: ManifestReader): Lifecycle | null {
  const lifecycle = container.map("lifecycle");
  const hook = (name: string): readonly string[] | null => {
    const handler = lifecycle?.map(name);
    const exec = handler?.map("exec");
    const command = exec?.texts("command") ?? null;
    exec?.finish();
    handler?.finish();
    return command;
  };
  const result = { postStart: hook("postStart"), preStop: hook("preStop") };
  lifecycle?.finish();
  return result.postStart === null && result.preStop === null ? null : result;
}
