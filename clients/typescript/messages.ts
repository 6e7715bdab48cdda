/**
 * What a stream has to understand of the messages of any subscription: by their shape, whatever the document asks for.
 *
 *   a set's change      has `cursor`; where the document selects them, `snapshot`, `complete` and `at` too
 *   a batch of records  has `cursor`, and never a `snapshot`
 *   an object, whole    has no cursor: the operation, the application, the overview
 */
export interface Change {
  readonly cursor: string;
  readonly snapshot: boolean | null;
  readonly complete: boolean | null;
  /** The server's own time. */
  readonly at: string | null;
  /** How many objects or records it shows, or removes. */
  readonly objects: number;
}

const TERMINAL_STATES: ReadonlySet<unknown> = new Set(["SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "ROLLED_BACK", "CANCELLED", "SUPERSEDED"]);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null;

const lengthOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0);

export function errorsOf(message: unknown): readonly unknown[] | null {
  return isObject(message) && Array.isArray(message["errors"]) && message["errors"].length > 0 ? message["errors"] : null;
}

export const dataOf = (message: unknown): unknown => (isObject(message) ? message["data"] : undefined);

/** null: no set's change. */
export function changeIn(data: unknown): Change | null {
  if (!isObject(data)) return null;
  for (const field of Object.values(data)) {
    if (!isObject(field) || typeof field["cursor"] !== "string") continue;
    const { cursor, snapshot, complete, at } = field;
    return {
      cursor,
      snapshot: typeof snapshot === "boolean" ? snapshot : null,
      complete: typeof complete === "boolean" ? complete : null,
      at: typeof at === "string" ? at : null,
      objects: Object.values(field).reduce<number>((sum, member) => sum + lengthOf(member), 0),
    };
  }
  return null;
}

/** The subject has ended: nothing can follow. */
export function isFinal(data: unknown): boolean {
  if (!isObject(data)) return false;
  const operation = data["operation"];
  if (isObject(operation) && TERMINAL_STATES.has(operation["state"])) return true;
  return data["application"] === null;
}

/** A completion is to be believed where the document did not ask for what would show it: an operation without its state. */
export function mayEnd(data: unknown): boolean {
  return isObject(data) && isObject(data["operation"]) && !("state" in data["operation"]);
}
