/** When a pod template may become a revision. Every offence is told, each with its place, up to MAX_ERRORS of them. */
import { canonicalJson } from "./canonical.ts";
import { type DomainError, invalid } from "./errors.ts";
import { isImageReference } from "./image-reference.ts";
import { checkContainerName, checkEnvName, checkLabels, checkPortName } from "./names.ts";
import type { ContainerSpec, PodTemplate } from "./pod-template.ts";
import { quoted } from "./text.ts";

export const TEMPLATE_LIMITS = {
  containers: 10,
  cpuMillis: 256_000,
  memoryMiB: 1_048_576,
  ports: 64,
  env: 256,
  envValueBytes: 32_768,
  arguments: 256,
  gracePeriodSeconds: 3_600,
  /** The whole template as JSON: it travels to every cluster that runs it. */
  bytes: 262_144,
} as const;

const MAX_ERRORS = 20;

type Path = readonly string[];

export function checkTemplate(path: Path, template: PodTemplate): DomainError[] {
  const { containers, terminationGracePeriodSeconds: grace } = template;
  const errors: DomainError[] = [];
  if (containers.length < 1 || containers.length > TEMPLATE_LIMITS.containers) {
    return [
      invalid([...path, "containers"], `The template has ${containers.length} containers; 1 to ${TEMPLATE_LIMITS.containers} are allowed.`),
    ];
  }
  if (!within(grace, 0, TEMPLATE_LIMITS.gracePeriodSeconds)) {
    errors.push(
      invalid(
        [...path, "terminationGracePeriodSeconds"],
        `A grace period of ${grace} seconds is out of range; 0 to ${TEMPLATE_LIMITS.gracePeriodSeconds} are allowed.`,
      ),
    );
  }
  errors.push(...checkLabels([...path, "labels"], template.labels));
  const names = new Set<string>();
  // Containers of a pod share its network, so a port can be taken once only.
  const ports = new Map<string, string>();
  for (const [index, container] of containers.entries()) {
    const at = [...path, "containers", String(index)];
    if (names.has(container.name)) errors.push(invalid([...at, "name"], `The container name ${quoted(container.name)} is given twice.`));
    names.add(container.name);
    errors.push(
      ...checkContainer(at, container),
      ...checkPorts([...at, "ports"], container, ports),
      ...checkEnv([...at, "env"], container),
    );
  }
  if (errors.length === 0) {
    const bytes = Buffer.byteLength(canonicalJson(template));
    if (bytes > TEMPLATE_LIMITS.bytes)
      errors.push(invalid(path, `The template is ${bytes} bytes as JSON; at most ${TEMPLATE_LIMITS.bytes} are allowed.`));
  }
  return errors.slice(0, MAX_ERRORS);
}

function checkContainer(at: Path, container: ContainerSpec): DomainError[] {
  const errors = checkContainerName([...at, "name"], container.name);
  const who = `Container ${quoted(container.name)}`;
  if (!isImageReference(container.image)) {
    errors.push(
      invalid([...at, "image"], `${who}: ${quoted(container.image)} is not an image reference such as registry.example/team/app:1.2.`),
    );
  }
  if (!within(container.cpuMillis, 1, TEMPLATE_LIMITS.cpuMillis)) {
    errors.push(
      invalid(
        [...at, "cpuMillis"],
        `${who}: cpuMillis ${container.cpuMillis} is out of range; 1 to ${TEMPLATE_LIMITS.cpuMillis} are allowed.`,
      ),
    );
  }
  if (!within(container.memoryMiB, 1, TEMPLATE_LIMITS.memoryMiB)) {
    errors.push(
      invalid(
        [...at, "memoryMiB"],
        `${who}: memoryMiB ${container.memoryMiB} is out of range; 1 to ${TEMPLATE_LIMITS.memoryMiB} are allowed.`,
      ),
    );
  }
  for (const part of ["command", "args"] as const) {
    const { length } = container[part];
    if (length > TEMPLATE_LIMITS.arguments) {
      errors.push(invalid([...at, part], `${who}: ${part} has ${length} entries; at most ${TEMPLATE_LIMITS.arguments} are allowed.`));
    }
  }
  return errors;
}

function checkPorts(at: Path, container: ContainerSpec, taken: Map<string, string>): DomainError[] {
  const who = `Container ${quoted(container.name)}`;
  if (container.ports.length > TEMPLATE_LIMITS.ports) {
    return [invalid(at, `${who} has ${container.ports.length} ports; at most ${TEMPLATE_LIMITS.ports} are allowed.`)];
  }
  const errors: DomainError[] = [];
  const names = new Set<string>();
  for (const [index, { name, containerPort, protocol }] of container.ports.entries()) {
    const place = [...at, String(index)];
    const key = `${protocol} ${containerPort}`;
    const owner = taken.get(key);
    if (!within(containerPort, 1, 65_535)) {
      errors.push(invalid([...place, "containerPort"], `${who}: port ${containerPort} is out of range; 1 to 65535 are allowed.`));
    } else if (owner !== undefined) {
      errors.push(
        invalid([...place, "containerPort"], `${who}: port ${containerPort}/${protocol} is already taken by container ${quoted(owner)}.`),
      );
    }
    taken.set(key, container.name);
    if (name === null) continue;
    errors.push(...checkPortName([...place, "name"], name));
    if (names.has(name)) errors.push(invalid([...place, "name"], `${who}: the port name ${quoted(name)} is given twice.`));
    names.add(name);
  }
  return errors;
}

/** Messages name the variable, never its value: people put passwords there. */
function checkEnv(at: Path, container: ContainerSpec): DomainError[] {
  const who = `Container ${quoted(container.name)}`;
  if (container.env.length > TEMPLATE_LIMITS.env) {
    return [invalid(at, `${who} has ${container.env.length} environment variables; at most ${TEMPLATE_LIMITS.env} are allowed.`)];
  }
  const errors: DomainError[] = [];
  const names = new Set<string>();
  for (const [index, { name, value }] of container.env.entries()) {
    const place = [...at, String(index)];
    errors.push(...checkEnvName([...place, "name"], name));
    if (names.has(name)) errors.push(invalid([...place, "name"], `${who}: the environment variable ${quoted(name)} is given twice.`));
    names.add(name);
    const bytes = Buffer.byteLength(value ?? "");
    if (bytes > TEMPLATE_LIMITS.envValueBytes) {
      errors.push(
        invalid(
          [...place, "source", "value"],
          `${who}: the value of ${quoted(name)} has ${bytes} bytes; at most ${TEMPLATE_LIMITS.envValueBytes} are allowed.`,
        ),
      );
    }
  }
  return errors;
}

const within = (value: number, low: number, high: number): boolean => Number.isInteger(value) && value >= low && value <= high;
