/**
 * Reading a manifest field by field. A field is honoured exactly when it is read: `finish` warns about every other one, so that nothing is
 * dropped silently, whatever Kubernetes adds. Messages name fields by their path, never by a value: manifests hold passwords. Names of
 * objects, containers and keys may stand in them.
 */
export class Notes {
  readonly warnings: string[] = [];
  readonly errors: string[] = [];
}

export class ManifestReader {
  readonly path: string;
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #notes: Notes;
  readonly #read = new Set<string>();

  constructor(value: Readonly<Record<string, unknown>>, notes: Notes, path = "") {
    this.#value = value;
    this.#notes = notes;
    this.path = path;
  }

  at(key: string): string {
    return this.path === "" || key === "" ? `${this.path}${key}` : `${this.path}.${key}`;
  }

  /** `key` is "" for the map itself. */
  warn(key: string, sentence: string): void {
    this.#notes.warnings.push(`${this.at(key)} ${sentence}`);
  }

  fail(key: string, sentence: string): void {
    this.#notes.errors.push(`${this.at(key)} ${sentence}`);
  }

  has(key: string): boolean {
    return this.#value[key] !== undefined && this.#value[key] !== null;
  }

  text(key: string): string | null {
    return this.#take(key, "a string", (value) => typeof value === "string");
  }

  integer(key: string): number | null {
    return this.#take(key, "a whole number", (value) => Number.isSafeInteger(value));
  }

  flag(key: string): boolean | null {
    return this.#take(key, "true or false", (value) => typeof value === "boolean");
  }

  /** A string or a number, as text: what quantities may be. */
  scalar(key: string): string | null {
    const value: string | number | null = this.#take(
      key,
      "a string or a number",
      (given) => typeof given === "string" || Number.isFinite(given),
    );
    return value === null ? null : String(value);
  }

  map(key: string): ManifestReader | null {
    const value: Record<string, unknown> | null = this.#take(key, "a map", isMap);
    return value === null ? null : new ManifestReader(value, this.#notes, this.at(key));
  }

  maps(key: string): ManifestReader[] {
    const values: Record<string, unknown>[] | null = this.#take(
      key,
      "a list of maps",
      (value) => Array.isArray(value) && value.every(isMap),
    );
    return (values ?? []).map((value, index) => new ManifestReader(value, this.#notes, `${this.at(key)}.${index}`));
  }

  texts(key: string): string[] {
    return this.#take(key, "a list of strings", (value) => Array.isArray(value) && value.every((item) => typeof item === "string")) ?? [];
  }

  /** A map of strings, e.g. labels. */
  pairs(key: string): { key: string; value: string }[] {
    const value: Record<string, unknown> | null = this.#take(key, "a map of strings", isMap);
    return Object.entries(value ?? {}).flatMap(([name, text]) => {
      if (typeof text === "string") return [{ key: name, value: text }];
      this.fail(`${key}.${name}`, "must be a string; YAML takes it for something else where it has no quotes.");
      return [];
    });
  }

  /** Fields that need no word: what the server sets, or what has no meaning here. */
  pass(...keys: readonly string[]): void {
    for (const key of keys) this.#read.add(key);
  }

  /** A field that needs no word while it has one of these values, e.g. what the server shows where nobody chose otherwise. */
  passIf(key: string, ...values: readonly unknown[]): void {
    if (values.includes(this.#value[key])) this.pass(key);
  }

  /** Fields that have a value and were not read. */
  get unread(): string[] {
    return Object.keys(this.#value).filter((key) => this.has(key) && !this.#read.has(key));
  }

  finish(): void {
    for (const key of this.unread) this.warn(key, "is not honoured.");
  }

  #take<T>(key: string, expected: string, fits: (value: unknown) => boolean): T | null {
    this.#read.add(key);
    const value = this.#value[key];
    if (value === undefined || value === null) return null;
    if (fits(value)) return value as T;
    this.fail(key, `must be ${expected}.`);
    return null;
  }
}

export const isMap = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

const MAX_WARNINGS = 50;

/** As many as an answer shows; the last counts the rest. */
export function boundedWarnings(warnings: readonly string[]): string[] {
  if (warnings.length <= MAX_WARNINGS) return [...warnings];
  return [...warnings.slice(0, MAX_WARNINGS - 1), `${warnings.length - MAX_WARNINGS + 1} more fields are not honoured.`];
}

const MAX_FAULTS = 20;
/** Of one fault, in characters: a key may be as long as its file. */
const MAX_FAULT = 500;

/** As many faults of an object as an answer shows; the last counts the rest. */
export function boundedFaults(errors: readonly string[]): string[] {
  const shown = errors.slice(0, MAX_FAULTS).map((error) => (error.length > MAX_FAULT ? `${error.slice(0, MAX_FAULT).toWellFormed()}…` : error));
  return errors.length > MAX_FAULTS ? [...shown, `There are ${errors.length - MAX_FAULTS} faults more.`] : shown;
}
