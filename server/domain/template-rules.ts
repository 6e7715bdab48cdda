/**
 * When a pod template may become a revision. Every offence is told, each with its place in the input, up to MAX_ERRORS of them. What a template
 * refers to (ConfigMaps, Secrets and their keys) is looked up by the services; a reference that was not found there has the id "" here.
 */
import { checkAffinity } from "./affinity-rules.ts";
import { canonicalJson } from "./canonical.ts";
import { checkContainer } from "./container-rules.ts";
import { type DomainError, invalid } from "./errors.ts";
import { checkLabels } from "./names.ts";
import { checkFilePath } from "./path-rules.ts";
import type { LogCollectionRule, PodTemplate, SecretRef } from "./pod-template.ts";
import { TEMPLATE_LIMITS, within } from "./template-limits.ts";
import { quoted } from "./text.ts";
import { checkVolumes } from "./volume-rules.ts";

export { TEMPLATE_LIMITS } from "./template-limits.ts";

const MAX_ERRORS = 20;

type Path = readonly string[];

/** `path` leads to the template as the input has it, e.g. to `imagePullSecretIds` for the Secrets. */
export function checkTemplate(path: Path, template: PodTemplate): DomainError[] {
  const { containers, terminationGracePeriodSeconds: grace, volumes = [], imagePullSecrets = [], affinity = [], logCollection = [] } = template;
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
  errors.push(...checkLabels([...path, "labels"], template.labels), ...checkVolumes([...path, "volumes"], volumes));
  const sources = new Map(volumes.map(({ name, source }) => [name, source]));
  const names = new Set<string>();
  // Containers of a pod share its network, so a port can be taken once only.
  const ports = new Map<string, string>();
  for (const [index, container] of containers.entries()) {
    const at = [...path, "containers", String(index)];
    if (names.has(container.name)) errors.push(invalid([...at, "name"], `The container name ${quoted(container.name)} is given twice.`));
    names.add(container.name);
    errors.push(...checkContainer(at, container, ports, sources));
  }
  errors.push(
    ...checkPullSecrets([...path, "imagePullSecretIds"], imagePullSecrets),
    ...checkAffinity([...path, "affinity"], affinity),
    ...checkLogCollection([...path, "logCollection"], logCollection, names),
  );
  if (errors.length === 0) {
    const bytes = Buffer.byteLength(canonicalJson(template));
    if (bytes > TEMPLATE_LIMITS.bytes)
      errors.push(invalid(path, `The template is ${bytes} bytes as JSON; at most ${TEMPLATE_LIMITS.bytes} are allowed.`));
  }
  return errors.slice(0, MAX_ERRORS);
}

function checkPullSecrets(at: Path, secrets: readonly SecretRef[]): DomainError[] {
  const { imagePullSecrets: limit } = TEMPLATE_LIMITS;
  if (secrets.length > limit) return [invalid(at, `${secrets.length} image pull secrets are given; at most ${limit} are allowed.`)];
  const seen = new Set<string>();
  return secrets.flatMap(({ secretId, name }, index) => {
    if (secretId !== "" && seen.has(secretId)) return [invalid([...at, String(index)], `The image pull secret ${quoted(name)} is given twice.`)];
    seen.add(secretId);
    return [];
  });
}

function checkLogCollection(at: Path, rules: readonly LogCollectionRule[], containers: ReadonlySet<string>): DomainError[] {
  const { logCollection: limit } = TEMPLATE_LIMITS;
  if (rules.length > limit) return [invalid(at, `${rules.length} rules of log collection are given; at most ${limit} are allowed.`)];
  const errors: DomainError[] = [];
  const seen = new Set<string>();
  for (const [index, { container, path }] of rules.entries()) {
    const place = [...at, String(index)];
    if (!containers.has(container)) errors.push(invalid([...place, "container"], `The template has no container ${quoted(container)} to collect logs of.`));
    if (path !== null) errors.push(...checkFilePath([...place, "path"], "The path of logs", path));
    const key = JSON.stringify([container, path]);
    if (seen.has(key)) errors.push(invalid(place, `The logs of container ${quoted(container)} ${path === null ? "" : `at ${quoted(path)} `}are collected twice.`));
    seen.add(key);
  }
  return errors;
}
