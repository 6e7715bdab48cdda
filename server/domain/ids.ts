/**
 * Global ids: `Type.uuid`. Opaque to clients, made identically here and in SQL (`'Type.' || id`), and useless outside their tenant because
 * every look-up runs under row-level security.
 */
const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const GLOBAL_ID = new RegExp(`^([A-Z][A-Za-z]*)\\.(${UUID})$`);
const WHOLE_UUID = new RegExp(`^${UUID}$`);

/** In the only form that Postgres gives them: small letters. */
export const isUuid = (text: string): boolean => WHOLE_UUID.test(text);

export const globalId = (type: string, id: string): string => `${type}.${id}`;

/** The parts of a global id, or null where the text is none. */
export function parseGlobalId(text: string): { type: string; id: string } | null {
  const match = GLOBAL_ID.exec(text);
  return match ? { type: match[1] as string, id: match[2] as string } : null;
}

/** The uuid in a global id of this type, or null where the text is no such id: callers answer both as an object that does not exist. */
export function uuidOf(type: string, text: string): string | null {
  const parsed = parseGlobalId(text);
  return parsed?.type === type ? parsed.id : null;
}
