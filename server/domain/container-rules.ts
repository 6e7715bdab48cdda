/** The rules of one container of a template: its resources, command, ports, environment and hooks. */
import { checkCommand } from "./command-rules.ts";
import { type DomainError, invalid } from "./errors.ts";
import { isImageReference } from "./image-reference.ts";
import { checkContainerName, checkEnvName, checkPortName } from "./names.ts";
import type { ContainerSpec, VolumeSource } from "./pod-template.ts";
import { checkProbe } from "./probe-rules.ts";
import { TEMPLATE_LIMITS, within } from "./template-limits.ts";
import { quoted } from "./text.ts";
import { checkVolumeMounts } from "./volume-rules.ts";

type Path = readonly string[];

/** `ports`: those that other containers have taken, each with its owner; this one's are added. `volumes`: the template's, by name. */
export function checkContainer(at: Path, container: ContainerSpec, ports: Map<string, string>, volumes: ReadonlyMap<string, VolumeSource>): DomainError[] {
  const who = `Container ${quoted(container.name)}`;
  const { livenessProbe, readinessProbe, volumeMounts = [] } = container;
  return [
    ...checkImageAndResources(at, who, container),
    ...checkPorts([...at, "ports"], who, container, ports),
    ...checkEnv([...at, "env"], who, container),
    ...(livenessProbe ? checkProbe([...at, "livenessProbe"], `${who}: its liveness probe`, livenessProbe, "liveness") : []),
    ...(readinessProbe ? checkProbe([...at, "readinessProbe"], `${who}: its readiness probe`, readinessProbe, "readiness") : []),
    ...checkLifecycle([...at, "lifecycle"], who, container),
    ...checkVolumeMounts([...at, "volumeMounts"], who, volumeMounts, volumes),
  ];
}

function checkImageAndResources(at: Path, who: string, container: ContainerSpec): DomainError[] {
  const errors = checkContainerName([...at, "name"], container.name);
  if (!isImageReference(container.image)) {
    errors.push(
      invalid([...at, "image"], `${who}: ${quoted(container.image)} is not an image reference such as registry.example/team/app:1.2.`),
    );
  }
  for (const part of ["cpuMillis", "memoryMiB"] as const) {
    if (within(container[part], 1, TEMPLATE_LIMITS[part])) continue;
    errors.push(invalid([...at, part], `${who}: ${part} ${container[part]} is out of range; 1 to ${TEMPLATE_LIMITS[part]} are allowed.`));
  }
  for (const part of ["command", "args"] as const) {
    const { length } = container[part];
    if (length > TEMPLATE_LIMITS.arguments) {
      errors.push(invalid([...at, part], `${who}: ${part} has ${length} entries; at most ${TEMPLATE_LIMITS.arguments} are allowed.`));
    }
  }
  return errors;
}

function checkPorts(at: Path, who: string, container: ContainerSpec, taken: Map<string, string>): DomainError[] {
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
function checkEnv(at: Path, who: string, container: ContainerSpec): DomainError[] {
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

function checkLifecycle(at: Path, who: string, { lifecycle }: ContainerSpec): DomainError[] {
  return (["postStart", "preStop"] as const).flatMap((hook) => {
    const command = lifecycle?.[hook] ?? null;
    return command === null ? [] : checkCommand([...at, hook], `${who}: the command of ${hook}`, command);
  });
}
