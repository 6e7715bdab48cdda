/** Bugs that agents, reporters, sessions and assignments could have, planted in their texts: each breaks a promise that some history shows. */
import type { PlacedFault } from "../mutated-graph.ts";
import { NEWS_THAT_WAIT, SAME_GENERATION } from "./regressions.ts";
import { type Story, storyOf } from "./story.ts";

/** And the history that shows it. */
export interface HistoryFault extends PlacedFault {
  readonly shownBy: Story;
}

const AGENT = "server/fleet/agent/agent.ts";
const REPORTER = "server/fleet/agent/reporter.ts";
const OBJECTS = "server/fleet/agent/objects.ts";
const PERSISTENCE = "server/fleet/agent/persistence.ts";
const VOUCHING = "server/fleet/agent/vouching.ts";
const SESSION = "server/gateway/session.ts";
const OUTAGES = "server/fleet/simulator/outages.ts";
const STAGES = "server/fleet/simulator/stages.ts";
const SIMULATION = "server/fleet/simulator/cluster.ts";

const nodeFails = (forMs: number, ...actions: Story["actions"]): Story => ({
  seed: 2, sites: [1],
  actions: [{ at: 1_000, kind: "create", app: 0, template: 0, replicas: 5, clusters: 7 }, { at: 8_000, kind: "node", cluster: 0, node: 1, forMs }, ...actions],
});
const NODE_FAILS = nodeFails(20_000);
const NODE_FAILS_BRIEFLY = nodeFails(3_000);
const SCALED_UP_MEANWHILE = nodeFails(8_000, { at: 10_000, kind: "create", app: 1, template: 0, replicas: 5, clusters: 7 });
const KILLED_MEANWHILE = nodeFails(20_000, { at: 10_000, kind: "kill agents", site: 0, moment: "idle", forMs: 200 });

export const HISTORY_FAULTS: readonly HistoryFault[] = [
  { name: "reports that wait are not sent again after a welcome", path: AGENT, text: "    this.#session.send(this.#reporter.unacked);\n", by: "", shownBy: storyOf(8) },
  { name: "a hello names nothing that is held", path: AGENT, text: "holds: this.#objects.holds(),", by: "holds: [],", shownBy: storyOf(3) },
  { name: "no epoch starts where the centre lost reports", path: REPORTER, text: "return ackedSeq <= this.#lastSeq && ackedSeq >= this.#ackedSeq;", by: "return true;", shownBy: storyOf(4) },
  { name: "no epoch starts where the centre lost an epoch", path: REPORTER, text: "return epoch < this.#epoch && this.#ackedSeq === 0;", by: "return epoch < this.#epoch;", shownBy: storyOf(21) },
  { name: "an epoch starts without the whole state", path: REPORTER, text: "      this.#unnamed.add(slot);\n      this.podChanged(slot);\n", by: "", shownBy: storyOf(4) },
  { name: "a whole state ends before all is named", path: REPORTER, text: "const isLast = this.#unnamed.size === 0;", by: "const isLast = true;", shownBy: storyOf(19) },
  { name: "pods that are gone are not reported", path: REPORTER, text: "if (!this.#named.delete(slot)) return;", by: "return;", shownBy: storyOf(1) },
  { name: "an ack forgets reports that follow", path: REPORTER, text: "this.#unacked = this.#unacked.filter((report) => report.seq > seq);", by: "this.#unacked = [];", shownBy: storyOf(1) },
  { name: "a restart forgets what was not reported yet", path: REPORTER, text: "if (isDirty || this.#isFull) this.#pods.add(record.slot);", by: "if (this.#isFull) this.#pods.add(record.slot);", shownBy: storyOf(3) },
  { name: "a restart forgets which pods are gone", path: PERSISTENCE, text: "  for (const [id, isGone] of unsaved.gone) store.saveGone(cluster, id, isGone);\n", by: "", shownBy: storyOf(320) },
  { name: "reports are not stored", path: PERSISTENCE, text: "  for (const report of unsaved.reports) store.saveReport(cluster, report);\n", by: "", shownBy: storyOf(1) },
  { name: "a restart makes all pods anew", path: PERSISTENCE, text: "spec: problem === null ? spec : carried })),", by: "spec: carried })),", shownBy: storyOf(3) },
  { name: "a restart starts containers anew", path: "server/fleet/simulator/records.ts", text: "pods.startedAt[slot] = record.startedAt ?? NaN;", by: "pods.startedAt[slot] = record.startedAt === null ? NaN : now;", shownBy: storyOf(3) },
  { name: "a refused cluster never says hello again", path: "server/fleet/agent/session.ts", text: 'return this.#state === "REFUSED" && wallMs >= this.#refusedUntilMs;', by: "return false;", shownBy: storyOf(84) },
  { name: "terms outrank nothing", path: OBJECTS, text: "term > held.term || (term === held.term && generation > held.generation);", by: "generation > held.generation;", shownBy: storyOf(4) },
  { name: "older generations are carried out", path: OBJECTS, text: "held === undefined || term > held.term || (term === held.term && generation > held.generation);", by: "held === undefined || term >= held.term;", shownBy: storyOf(1) },
  { name: "generations of which the content differs are not told apart", path: OBJECTS, text: "held.push({ objectId: id, term, generation, hash: contentHash(spec) });", by: "held.push({ objectId: id, term, generation });", shownBy: SAME_GENERATION },
  { name: "a removed object is held for ever", path: OBJECTS, text: "    this.#placements.delete(placementId);\n", by: "", shownBy: storyOf(2) },
  { name: "a ping vouches for whoever is connected", path: VOUCHING, text: "  isAbreast && (", by: "  true || (", shownBy: storyOf(3) },
  { name: "a ping vouches however long reports wait", path: VOUCHING, text: "wallMs - waitingSinceMs <= VOUCH_LIMIT_MS", by: "wallMs >= waitingSinceMs", shownBy: storyOf(32) },
  { name: "news wait only from when a report tells them", path: "server/fleet/agent/news.ts", text: "    this.#current.sinceMs = wallMs;\n", by: "", shownBy: NEWS_THAT_WAIT },
  { name: "a report that left something out vouches", path: "server/gateway/vouched.ts", text: "(more ? null : Math.min(at, now))", by: "Math.min(at, now)", shownBy: storyOf(3767) },
  { name: "a report vouches for the moment at which it comes", path: "server/gateway/vouched.ts", text: "Math.min(at, now)", by: "now", shownBy: storyOf(32) },
  { name: "pods of a node that fails run on as if it answered", path: OUTAGES, text: "    for (const slot of this.#slotsOn(index)) this.#stages.lose(slot);\n", by: "", shownBy: NODE_FAILS },
  { name: "pods of a node that fails are never given up", path: OUTAGES, text: "        if (this.#parts.pods.state[slot] === LOST) this.#giveUp(slot, index, now, outage.faultId);\n", by: "", shownBy: NODE_FAILS },
  { name: "pods of a node that fails are given up at once", path: OUTAGES, text: "givesUpAt: now + behaviours.faults.nodeGraceMs,", by: "givesUpAt: now,", shownBy: NODE_FAILS_BRIEFLY },
  { name: "pods that were given up are gone before their node is back", path: STAGES, text: ' || nodes.status(pods.node[slot] as number) === "NOT_READY"', by: "", shownBy: NODE_FAILS },
  { name: "pods that were given up are found again", path: STAGES, text: "    if (pods.state[slot] === TERMINATING) return this.#rest(slot, TERMINATING, now);\n", by: "", shownBy: NODE_FAILS },
  { name: "pods of a node that is back in time stay lost", path: OUTAGES, text: "    for (const slot of this.#slotsOn(index)) this.#stages.find(slot, now);\n", by: "", shownBy: NODE_FAILS_BRIEFLY },
  { name: "pods of a node that is back in time start anew", path: STAGES, text: "    this.#rest(slot, waits ? CRASHED : RUNNING, now);\n", by: "    this.#rest(slot, waits ? RUNNING : CRASHED, now);\n", shownBy: NODE_FAILS_BRIEFLY },
  { name: "new pods are given to a node that does not answer", path: "server/fleet/simulator/scheduler.ts", text: "if (own > bestOwn || ready[index] !== 1) continue;", by: "if (own > bestOwn) continue;", shownBy: SCALED_UP_MEANWHILE },
  { name: "a restart forgets when pods of a node are to be given up", path: SIMULATION, text: "    this.#outages.restore(saved.outages ?? [], setBackMs);\n", by: "", shownBy: KILLED_MEANWHILE },
  { name: "strays are not taken back", path: SESSION, text: "this.send(this.#strays.slice(0, room)", by: "this.send(this.#strays.slice(0, 0)", shownBy: storyOf(3) },
  { name: "a template that is needed is not sent", path: SESSION, text: "        templates[template.hash] = template.body;\n", by: "", shownBy: storyOf(1) },
  { name: "contents are not sent", path: SESSION, text: "        contents[content] = text;\n", by: "", shownBy: storyOf(2) },
  { name: "a cluster's own terms are not told", path: SESSION, text: "    this.term = term + termOffset;", by: "    this.term = term;", shownBy: storyOf(21) },
];

const HELLO = "server/gateway/hello.ts";
const REPORT = "server/gateway/report.ts";

const of = (...actions: Story["actions"]): Story => ({ seed: 2, sites: [1], actions: [{ at: 1_000, kind: "create", app: 0, template: 0, replicas: 3, clusters: 7 }, ...actions] });
const SCALED_DOWN = of({ at: 8_000, kind: "scale", app: 0, replicas: 1 });
/** What was removed is there again in the store that is put back; what was changed is as it was. */
const STORE_PUT_BACK = of({ at: 8_000, kind: "upgrade", app: 0, template: 1 }, { at: 20_000, kind: "restore agents", site: 0, ageMs: 13_000, forMs: 200 });
const CREATED_AFTER_THE_BACKUP = of({ at: 8_000, kind: "create", app: 1, template: 0, replicas: 1, clusters: 7 }, { at: 12_000, kind: "restore centre", ageMs: 5_000, termRises: false, forMs: 200 });

/** And those that the real gateway could have. */
export const GATEWAY_FAULTS: readonly HistoryFault[] = [
  { name: "keeps pods that are gone", path: REPORT, text: "and pod.id = said.id\n", by: "and pod.id = said.id and pod.epoch < 0\n", shownBy: SCALED_DOWN },
  { name: "keeps pods that a whole state did not name", path: REPORT, text: "and pod.epoch < ended.epoch\n", by: "and pod.epoch < least(ended.epoch, 0)\n", shownBy: STORE_PUT_BACK },
  { name: "takes what an agent lost as confirmed", path: HELLO, text: "case when held.term = $3 then least(held.generation, a.confirmed_generation) else 0 end", by: "a.confirmed_generation", shownBy: STORE_PUT_BACK },
  { name: "leaves strays where they are", path: HELLO, text: "from held where not exists (select", by: "from held where $1 is null and not exists (select", shownBy: CREATED_AFTER_THE_BACKUP },
  { name: "can't tell a generation that was given twice", path: HELLO, text: " or (held.generation = a.generation and held.hash <> a.content_hash)", by: "", shownBy: SAME_GENERATION },
];
