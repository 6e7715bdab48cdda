/** What a service may be called, and which ports it may have. Each check answers the reasons why not, none for what is good. */
import { canonicalJson } from "./canonical.ts";
import { type DomainError, invalid } from "./errors.ts";
import { checkPortName } from "./names.ts";
import type { PodTemplate } from "./pod-template.ts";
import type { ServicePort } from "./service.ts";
import { quoted } from "./text.ts";

type Path = readonly string[];

/** It is the first label of the service's name in DNS, where a label that starts with a digit is not one of a host. */
const SERVICE_NAME = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export const MAX_SERVICE_PORTS = 32;
export const MAX_PORT = 65_535;

export function checkServiceName(path: Path, name: string): DomainError[] {
  if (SERVICE_NAME.test(name)) return [];
  return [
    invalid(path, `The service's name ${quoted(name)} must be 1 to 63 lower-case letters, digits and '-', starting with a letter and not ending with '-'.`),
  ];
}

export function checkServicePorts(path: Path, ports: readonly ServicePort[]): DomainError[] {
  if (ports.length < 1 || ports.length > MAX_SERVICE_PORTS)
    return [invalid(path, `${ports.length} ports are given; a service has 1 to ${MAX_SERVICE_PORTS}.`)];
  const errors: DomainError[] = [];
  const names = new Set<string>();
  const taken = new Set<string>();
  for (const [index, { name, protocol, port, containerPort }] of ports.entries()) {
    const at = [...path, String(index)];
    const badName = checkPortName([...at, "name"], name);
    if (badName.length === 0 && names.has(name)) errors.push(invalid([...at, "name"], `Two ports are called ${quoted(name)}.`));
    names.add(name);
    errors.push(...badName, ...checkNumber([...at, "port"], "port", port), ...checkNumber([...at, "containerPort"], "containerPort", containerPort));
    const key = `${port}/${protocol}`;
    if (taken.has(key)) errors.push(invalid([...at, "port"], `The port ${key} is given twice.`));
    taken.add(key);
  }
  return errors;
}

function checkNumber(path: Path, what: string, value: number): DomainError[] {
  return Number.isInteger(value) && value >= 1 && value <= MAX_PORT ? [] : [invalid(path, `The ${what} ${value} is not from 1 to ${MAX_PORT}.`)];
}

/**
 * Whether pods of this template listen where the service sends to. A template need not declare its ports, as in Kubernetes: one that declares none
 * is believed. One that does, but never this one, is taken for a slip.
 */
export function checkServiceTargets(path: Path, ports: readonly ServicePort[], template: PodTemplate): DomainError[] {
  const declared = new Set(template.containers.flatMap((container) => container.ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`)));
  if (declared.size === 0) return [];
  return [...ports.entries()]
    .filter(([, { containerPort, protocol }]) => !declared.has(`${containerPort}/${protocol}`))
    .map(([index, { name, containerPort, protocol }]) =>
      invalid(
        [...path, String(index), "containerPort"],
        `Port ${quoted(name)} leads to ${containerPort}/${protocol}, which no container of the application declares: ${[...declared].slice(0, 8).join(", ")}.`,
      ),
    );
}

export const samePorts = (a: readonly ServicePort[], b: readonly ServicePort[]): boolean => canonicalJson(a) === canonicalJson(b);
