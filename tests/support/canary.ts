import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { ClientBase } from "pg";

/**
 * Looks for a planted secret wherever it should not be: as it is, in hex and base64 (whatever stands around it there), and as a hash that anybody could
 * compare guesses with. A secret to look for is random and long, so that a find is no chance.
 */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // In base64 a text looks different by where it begins; of each way, what does not depend on its neighbours.
  const inBase64 = (["base64", "base64url"] as const).flatMap((encoding) =>
    [0, 1, 2].map((before) => {
      const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(encoding).replace(/=+$/, "");
      return text.slice(before === 0 ? 0 : before + 1, text.length - 1);
    }),
  );
  const hashes = ["sha256", "sha1", "md5", "sha512"].map((algorithm) => createHash(algorithm).update(bytes).digest());
  return [...new Set([secret, bytes.toString("hex"), ...inBase64, ...hashes.flatMap((hash) => [hash.toString("hex"), hash.toString("base64").replace(/=+$/, "")])])];
}

/** Which of the texts hold the secret: for many secrets the texts are made ready once. */
export function holders(texts: readonly string[]): (secret: string) => string[] {
  const both = texts.map((text) => ({ text, lower: text.toLowerCase() }));
  return (secret) => {
    const forms = formsOf(secret).map((form) => ({ form, isHex: /^[0-9a-f]+$/.test(form) }));
    return both.filter(({ text, lower }) => forms.some(({ form, isHex }) => text.includes(form) || (isHex && lower.includes(form)))).map(({ text }) => text);
  };
}

export const holds = (text: string, secret: string): boolean => holders([text])(secret).length > 0;

/**
 * Every table of every schema that is not Postgres' own, each row as its text (bytea in hex); and what sessions last asked. Answers by secret where it is; what is
 * nowhere has no entry.
 */
export async function tablesWith(client: ClientBase, secrets: readonly string[]): Promise<Map<string, string[]>> {
  const { rows: tables } = await client.query<{ name: string }>(
    "select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'm') and n.nspname !~ '^(pg_|information_schema)' order by 1",
  );
  if (tables.length < 20) throw new Error(`only ${tables.length} tables to look at: not the database that was meant`);
  const found = new Map<string, string[]>();
  const look = (place: string, texts: readonly string[]): void => {
    const holding = holders(texts);
    for (const secret of secrets) if (holding(secret).length > 0) found.set(secret, [...(found.get(secret) ?? []), place]);
  };
  for (const { name } of tables) {
    const { rows } = await client.query<{ text: string }>(`select t::text as text from ${name} t`);
    look(name, rows.map(({ text }) => text));
  }
  const { rows } = await client.query<{ query: string }>("select query from pg_stat_activity where query is not null");
  look("pg_stat_activity", rows.map(({ query }) => query));
  return found;
}

/** By secret, the files below a folder that have it in their bytes as it is; what is nowhere has no entry. */
export async function filesWith(folder: string, secrets: readonly string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      // It went while we looked.
      if (error.code === "ENOENT") return Buffer.alloc(0);
      throw error;
    });
    for (const secret of secrets) if (bytes.includes(secret)) found.set(secret, [...(found.get(secret) ?? []), path.relative(folder, file)]);
  }
  return found;
}
