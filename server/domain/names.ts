/** What objects may be called. Each check answers the reasons why not, none for a good name. */
import { type DomainError, invalid } from "./errors.ts";
import type { Label } from "./pod-template.ts";
import { characterCount, hasControlCharacter, quoted } from "./text.ts";

type Path = readonly string[];

const OBJECT_NAME = /^[a-z][a-z0-9-]{0,62}$/;
const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const ENV_NAME = /^[A-Za-z_.-][A-Za-z0-9_.-]*$/;
const PORT_NAME = /^(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*$/;

export const MAX_DESCRIPTION = 256;
export const MAX_LABELS = 64;

/** Applications and namespaces. `noun` opens the message, e.g. "The application's name". */
export function checkObjectName(path: Path, noun: string, name: string): DomainError[] {
  if (OBJECT_NAME.test(name)) return [];
  return [invalid(path, `${noun} ${quoted(name)} must be 1 to 63 lower-case letters, digits and '-', starting with a letter.`)];
}

/** Tenants and tokens: a name for people, on one line. */
export function checkDisplayName(path: Path, noun: string, name: string): DomainError[] {
  const length = characterCount(name);
  if (length >= 1 && length <= 64 && name.trim() === name && !hasControlCharacter(name)) return [];
  return [invalid(path, `${noun} ${quoted(name)} must be 1 to 64 characters, without control characters and without spaces at its ends.`)];
}

export function checkDescription(path: Path, description: string): DomainError[] {
  const length = characterCount(description);
  return length <= MAX_DESCRIPTION
    ? []
    : [invalid(path, `The description has ${length} characters; at most ${MAX_DESCRIPTION} are allowed.`)];
}

export function checkRevisionMessage(path: Path, message: string): DomainError[] {
  const length = characterCount(message);
  return length <= MAX_DESCRIPTION
    ? []
    : [invalid(path, `The message has ${length} characters; at most ${MAX_DESCRIPTION} are allowed.`)];
}

export function checkContainerName(path: Path, name: string): DomainError[] {
  if (DNS_LABEL.test(name)) return [];
  return [
    invalid(
      path,
      `The container's name ${quoted(name)} must be 1 to 63 lower-case letters, digits and '-', with a letter or digit at both ends.`,
    ),
  ];
}

export function checkVolumeName(path: Path, name: string): DomainError[] {
  if (DNS_LABEL.test(name)) return [];
  return [invalid(path, `The volume's name ${quoted(name)} must be 1 to 63 lower-case letters, digits and '-', with a letter or digit at both ends.`)];
}

export function checkPortName(path: Path, name: string): DomainError[] {
  if (name.length <= 15 && PORT_NAME.test(name)) return [];
  return [
    invalid(path, `The port's name ${quoted(name)} must be 1 to 15 lower-case letters, digits and single '-', with at least one letter.`),
  ];
}

export function checkEnvName(path: Path, name: string): DomainError[] {
  if (name.length <= 256 && ENV_NAME.test(name)) return [];
  return [
    invalid(
      path,
      `The environment variable's name ${quoted(name)} must be 1 to 256 letters, digits, '_', '-' and '.', not starting with a digit.`,
    ),
  ];
}

/** Kubernetes' label rules: an optional DNS prefix and '/', then a name; values may be empty. */
export function checkLabels(path: Path, labels: readonly Label[]): DomainError[] {
  if (labels.length > MAX_LABELS) return [invalid(path, `${labels.length} labels are given; at most ${MAX_LABELS} are allowed.`)];
  const errors: DomainError[] = [];
  const seen = new Set<string>();
  for (const [index, { key, value }] of labels.entries()) {
    const at = [...path, String(index)];
    if (!isLabelKey(key)) {
      errors.push(
        invalid(
          [...at, "key"],
          `The label key ${quoted(key)} must be 1 to 63 letters, digits, '-', '_' and '.', optionally behind a DNS prefix and '/'.`,
        ),
      );
    } else if (seen.has(key)) {
      errors.push(invalid([...at, "key"], `The label ${quoted(key)} is given twice.`));
    }
    seen.add(key);
    if (value !== "" && !LABEL_NAME.test(value)) {
      errors.push(
        invalid(
          [...at, "value"],
          `The value ${quoted(value)} of label ${quoted(key)} must be empty or 1 to 63 letters, digits, '-', '_' and '.'.`,
        ),
      );
    }
  }
  return errors;
}

function isLabelKey(key: string): boolean {
  const parts = key.split("/");
  const name = parts.at(-1) ?? "";
  if (parts.length > 2 || !LABEL_NAME.test(name)) return false;
  if (parts.length === 1) return true;
  const prefix = parts[0] ?? "";
  return prefix.length <= 253 && prefix.split(".").every((label) => DNS_LABEL.test(label));
}
