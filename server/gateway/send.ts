/**
 * Assignments on their way to one cluster, with the configuration that they name. They go in groups: each as large as a message may be, or one
 * assignment with what it needs, so that a cluster whose agent lost everything costs no more memory than one with a single change.
 */
import type { ConfigUse } from "../domain/placement.ts";
import type { Sendable } from "./assignments.ts";
import { measureContents, type NamedContent, type SealOptions, sealContents } from "./contents.ts";
import type { ClusterSession } from "./session.ts";

/** Bytes of configuration in one group, about, and how many contents: each costs a few hundred microseconds of the thread to seal. */
const BUDGET_BYTES = 512 * 1_024;
const BUDGET_CONTENTS = 50;

interface Need {
  readonly object: Sendable;
  readonly contents: readonly NamedContent[];
}

/** Sends those that can be sent now; returns how many. Ends early where the session did. */
export async function sendObjects(session: ClusterSession, objects: readonly Sendable[], options: Omit<SealOptions, "clusterId" | "sealingKey">, alive: () => boolean): Promise<number> {
  const { clusterId, sealingKey } = session;
  const needs = objects.map((object): Need => ({ object, contents: sealingKey === null ? [] : missing(session, object) }));
  const plain = needs.filter(({ contents }) => contents.length === 0).map(({ object }) => object);
  if (alive()) session.send(plain);
  let sent = plain.length;
  const rest = needs.filter(({ contents }) => contents.length > 0);
  if (rest.length === 0 || sealingKey === null) return sent;

  const sizes = await measureContents(options.pool, clusterId, distinct(rest));
  for (const group of groupsOf(rest, sizes)) {
    const sealed = await sealContents({ ...options, clusterId, sealingKey }, distinct(group).filter(({ content }) => !session.holds(content)));
    if (!alive()) return sent;
    const ready = group.filter(({ contents }) => contents.every(({ content }) => session.holds(content) || sealed.has(content))).map(({ object }) => object);
    session.send(ready, sealed);
    sent += ready.length;
  }
  return sent;
}

const missing = (session: ClusterSession, object: Sendable): NamedContent[] => {
  if (object.kind !== "placement" || !object.spec?.configs) return [];
  const { tenantId, configs } = object.spec;
  return configs.filter(({ content }) => !session.holds(content)).map(({ id, kind, content }: ConfigUse) => ({ tenantId, id, kind, content }));
};

const distinct = (needs: readonly Need[]): NamedContent[] => [...new Map(needs.flatMap(({ contents }) => contents.map((one) => [one.content, one]))).values()];

/** Those that lack a content which is not the newest any more are in none. */
function* groupsOf(needs: readonly Need[], sizes: ReadonlyMap<string, number>): Generator<Need[], undefined> {
  let group: Need[] = [];
  let names = new Set<string>();
  let bytes = 0;
  for (const need of needs) {
    if (!need.contents.every(({ content }) => sizes.has(content))) continue;
    const fresh = (): string[] => need.contents.map(({ content }) => content).filter((content) => !names.has(content));
    const size = (contents: readonly string[]): number => contents.reduce((sum, content) => sum + (sizes.get(content) ?? 0), 0);
    if (group.length > 0 && (bytes + size(fresh()) > BUDGET_BYTES || names.size + fresh().length > BUDGET_CONTENTS)) {
      yield group;
      [group, names, bytes] = [[], new Set(), 0];
    }
    bytes += size(fresh());
    for (const content of fresh()) names.add(content);
    group.push(need);
  }
  if (group.length > 0) yield group;
}
