/** The rules of probes: Kubernetes', with upper limits. A probe may take longer than its period, as there. */
import { checkCommand } from "./command-rules.ts";
import { type DomainError, invalid } from "./errors.ts";
import type { HttpHeader, Probe } from "./pod-template.ts";
import { TEMPLATE_LIMITS, within } from "./template-limits.ts";
import { hasControlCharacter, quoted } from "./text.ts";

type Path = readonly string[];

const { probeSeconds, probeSuccesses, probeFailures } = TEMPLATE_LIMITS;
const NUMBERS = [
  ["initialDelaySeconds", 0, probeSeconds],
  ["periodSeconds", 1, probeSeconds],
  ["timeoutSeconds", 1, probeSeconds],
  ["successThreshold", 1, probeSuccesses],
  ["failureThreshold", 1, probeFailures],
] as const;

/** As HTTP names its headers (RFC 9110: a token). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;

/** `noun` opens every message, e.g. "Container "web": its liveness probe". */
export function checkProbe(at: Path, noun: string, probe: Probe, kind: "liveness" | "readiness"): DomainError[] {
  const errors = NUMBERS.filter(([name, low, high]) => !within(probe[name], low, high)).map(([name, low, high]) =>
    invalid([...at, name], `${noun} has a ${name} of ${probe[name]}, which is out of range; ${low} to ${high} are allowed.`),
  );
  // A container that failed its liveness probe is restarted: there is nothing that could succeed again.
  if (kind === "liveness" && within(probe.successThreshold, 2, probeSuccesses))
    errors.push(invalid([...at, "successThreshold"], `${noun} has a successThreshold of ${probe.successThreshold}; a liveness probe's must be 1.`));
  return [...errors, ...checkHandler([...at, "handler"], noun, probe)];
}

function checkHandler(at: Path, noun: string, { handler }: Probe): DomainError[] {
  switch (handler.type) {
    case "HttpGetProbe":
      return [
        ...checkPort([...at, "httpGet", "port"], noun, handler.port),
        ...checkHttpPath([...at, "httpGet", "path"], noun, handler.path),
        ...checkHeaders([...at, "httpGet", "headers"], noun, handler.headers),
      ];
    case "TcpSocketProbe":
      return checkPort([...at, "tcpSocket", "port"], noun, handler.port);
    case "GrpcProbe": {
      const { length } = handler.service ?? "";
      const errors = checkPort([...at, "grpc", "port"], noun, handler.port);
      if (length > TEMPLATE_LIMITS.grpcService)
        errors.push(invalid([...at, "grpc", "service"], `${noun} asks for a service of ${length} characters; at most ${TEMPLATE_LIMITS.grpcService} are allowed.`));
      return errors;
    }
    case "ExecProbe":
      return checkCommand([...at, "exec", "command"], `${noun} has a command that`, handler.command);
  }
}

const checkPort = (at: Path, noun: string, port: number): DomainError[] =>
  within(port, 1, 65_535) ? [] : [invalid(at, `${noun} asks port ${port}, which is out of range; 1 to 65535 are allowed.`)];

function checkHttpPath(at: Path, noun: string, path: string): DomainError[] {
  if (path.length > TEMPLATE_LIMITS.probePath) return [invalid(at, `${noun} asks for a path of ${path.length} characters; at most ${TEMPLATE_LIMITS.probePath} are allowed.`)];
  if (path.startsWith("/") && !hasControlCharacter(path)) return [];
  return [invalid(at, `${noun} asks for ${quoted(path)}; a path must begin with '/' and have no control characters in it.`)];
}

/** Messages name the header, never its value: it may authorise. */
function checkHeaders(at: Path, noun: string, headers: readonly HttpHeader[]): DomainError[] {
  const { probeHeaders, probeHeaderBytes } = TEMPLATE_LIMITS;
  if (headers.length > probeHeaders) return [invalid(at, `${noun} sends ${headers.length} headers; at most ${probeHeaders} are allowed.`)];
  return headers.flatMap(({ name, value }, index) => {
    const errors: DomainError[] = [];
    if (!TOKEN.test(name)) errors.push(invalid([...at, String(index), "name"], `${noun} sends a header ${quoted(name)}, which is no name of a header such as X-Probe.`));
    if (Buffer.byteLength(value) > probeHeaderBytes || hasControlCharacter(value))
      errors.push(
        invalid([...at, String(index), "value"], `${noun} sends a header ${quoted(name)} whose value is longer than ${probeHeaderBytes} bytes or has control characters in it.`),
      );
    return errors;
  });
}
