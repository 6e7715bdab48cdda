import { randomUUIDv7 } from "node:crypto";
import type { EntityManager } from "@mikro-orm/postgresql";
import type { AuditOutcome } from "../domain/states.ts";
import { AuditEntry } from "../entities/audit-entry.ts";
import type { Actor } from "../identity/viewer.ts";

/** What a mutation was about, as far as it was found out. */
export interface AuditTarget {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly namespaceId: string | null;
}

/** The JSON of an entry's input at most, in characters: a refused input may be anything. */
const MAX_INPUT = 16_384;
const MAX_TEXT = 1_024;
const MAX_DEPTH = 12;
const MAX_ITEMS = 200;

/**
 * What was asked for, fit to be kept for ever: values of environment variables, of probes' headers, of ConfigMaps and Secrets, and whole documents
 * (which may hold any of them) are left out, text that can't be stored is mended, and everything is bounded.
 */
export function auditInput(input: object): unknown {
  const shown = redact(input, "", 0);
  const length = JSON.stringify(shown).length;
  return length <= MAX_INPUT ? shown : { leftOut: `an input of ${length} characters` };
}

function redact(value: unknown, key: string, depth: number): unknown {
  if (key === "yaml" && typeof value === "string") return `[${Buffer.byteLength(value)} bytes]`;
  if (key === "env" && Array.isArray(value))
    return value.slice(0, MAX_ITEMS).map((item: unknown) => ({ name: redact(memberOf(item, "name"), "", depth), source: "[redacted]" }));
  // Of a probe: they may authorise it.
  if (key === "headers" && Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item: unknown) => ({ name: redact(memberOf(item, "name"), "", depth), value: "[redacted]" }));
  if (key === "data" && Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item: unknown) => ({ key: redact(memberOf(item, "key"), "", depth), value: "[redacted]" }));
  if (depth > MAX_DEPTH) return "[nested deeper]";
  if (typeof value === "string") return storable(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => redact(item, "", depth + 1));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MAX_ITEMS)
      .map(([name, member]) => [storable(name), redact(member, name, depth + 1)]),
  );
}

/** Of an object that may be anything; a member that is one itself could hold anything. */
const memberOf = (item: unknown, member: string): unknown => {
  const value = item !== null && typeof item === "object" ? (item as Record<string, unknown>)[member] : null;
  return typeof value === "object" ? null : value;
};

const storable = (text: string): string =>
  (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text).toWellFormed().replaceAll("\0", "\u{fffd}");

export interface AuditRecord {
  readonly actor: Actor;
  readonly at: Date;
  /** The mutation's name. */
  readonly action: string;
  readonly outcome: AuditOutcome;
  readonly input: object;
  readonly target: AuditTarget | null;
}

export async function writeAudit(em: EntityManager, { actor, at, action, outcome, input, target }: AuditRecord): Promise<void> {
  await em.insert(AuditEntry, {
    tenantId: actor.tenantId,
    id: randomUUIDv7(),
    at,
    actor: actor.tokenName,
    tokenId: actor.tokenId,
    action,
    targetType: target?.type ?? null,
    targetId: target?.id ?? null,
    targetName: target?.name ?? null,
    namespaceId: target?.namespaceId ?? null,
    input: auditInput(input),
    outcome,
    sourceAddress: actor.sourceAddress,
  });
}
