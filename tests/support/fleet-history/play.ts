/**
 * Plays a history and judges it. The judges know nothing of how agents and centres work: only what was promised.
 *
 * - Half a minute after everything has healed, what the centre holds, what the agents have and what is wanted are the same; where nothing was ever broken, a change is
 *   confirmed within 5 s, and ready within what pulling and starting takes.
 * - Whenever an agent believes that the centre has heard everything, the centre holds exactly what is: each report counted, in order, once.
 * - What the centre shows as seen at some moment was true then, or on its way.
 * - The clusters' own journals keep the promise of autonomy (journal.ts).
 */
import type { ClusterAgent } from "#server/fleet/agent/agent.ts";
import { type NodeReport, type PodReport, VOUCH_LIMIT_MS } from "#server/fleet/link.ts";
import { diceOf } from "../random.ts";
import { type Beliefs, type HistoryCentre, podKey } from "./centre.ts";
import type { HeldPair } from "./journal.ts";
import { SiteNetwork } from "./network.ts";
import { agentsOf, clusterNamed, type Parts } from "./parts.ts";
import { BASE, Site, type SiteBackup } from "./site.ts";
import { type Action, isCalm, lastEnd, type Story } from "./story.ts";
import { VirtualTime } from "./timeline.ts";
import { Truth } from "./truth.ts";
import { act, nothingWanted, Numbers, type Wanted } from "./wanted.ts";

const CONVERGES_MS = 30_000;
const CONFIRMED_MS = 5_000;
/** Pull, start and becoming ready, at most. */
const READY_MS = CONFIRMED_MS + 6_000;
const LOOK_MS = 1_000;

export interface Played {
  /** What was promised and not kept; empty where all was. */
  readonly breaches: readonly string[];
  /** How often the centre was compared with an agent. */
  readonly comparisons: number;
}

export async function play(story: Story, parts: Parts, makeCentre: (now: () => number) => HistoryCentre | Promise<HistoryCentre>): Promise<Played> {
  const time = new VirtualTime();
  const making = makeCentre(() => BASE + time.now);
  const centre = making instanceof Promise ? await making : making;
  return new Player(story, parts, centre, time).play();
}

class Player {
  readonly #story: Story;
  readonly #time: VirtualTime;
  readonly #centre: HistoryCentre;
  readonly #sites: Site[] = [];
  readonly #networks: SiteNetwork[] = [];
  readonly #clusterIds: string[] = [];
  readonly #numbers = new Numbers();
  readonly #breaches: string[] = [];
  readonly #changed = new Map<string, { readonly at: number; readonly isQuick: boolean }>();
  /** By cluster. */
  readonly #truths = new Map<string, Truth>();
  #wanted: Wanted = nothingWanted();
  #centreIsDown = 0;
  #comparisons = 0;

  constructor(story: Story, parts: Parts, centre: HistoryCentre, time: VirtualTime) {
    this.#story = story;
    this.#centre = centre;
    this.#time = time;
    centre.leftOut = (clusterId, podId) => {
      if (this.#truths.get(clusterId)?.isThere(podId)) this.#breach(`the whole state of ${clusterId} left pod ${podId} out`);
    };
    const open = agentsOf(parts, story.seed);
    for (const [index, size] of story.sites.entries()) {
      const dice = diceOf(story.seed * 31 + index);
      const network = new SiteNetwork(this.#time, dice);
      const clusters = Array.from({ length: size }, () => clusterNamed(`c-${this.#clusterIds.length}`, this.#clusterIds.push("") - 1));
      clusters.forEach(({ clusterId }, at) => (this.#clusterIds[this.#clusterIds.length - size + at] = clusterId));
      for (const { clusterId } of clusters) this.#truths.set(clusterId, new Truth());
      this.#networks.push(network);
      this.#sites.push(new Site({ time, dice, network, clusters, open, accept: () => centre.accept(), ticked: (agents) => this.#ticked(agents), committed: (site, agents) => this.#committed(site, agents) }));
    }
  }

  async play(): Promise<Played> {
    await this.#centre.start();
    for (const site of this.#sites) site.start();
    for (const action of this.#story.actions) this.#schedule(action);
    const until = lastEnd(this.#story) + CONVERGES_MS;
    for (let at = LOOK_MS; at < until; at += LOOK_MS) this.#time.at(at, () => this.#lookAtAll());
    await this.#time.runTo(until, () => (this.#breaches.length > 0 ? undefined : this.#centre.settle()));
    if (this.#breaches.length === 0) await this.#converged();
    for (const site of this.#sites) this.#breaches.push(...site.breaches());
    return { breaches: [...this.#breaches, ...this.#centre.faults], comparisons: this.#comparisons };
  }

  // -------------------------------------------------------------- what happens

  #schedule(action: Action): void {
    const time = this.#time;
    const site = "site" in action ? this.#sites[action.site] : undefined;
    const network = "site" in action ? this.#networks[action.site] : undefined;
    const siteOf = (cluster: number): Site | undefined => this.#sites.find(({ clusterIds }) => clusterIds.includes(this.#clusterIds[cluster] ?? ""));
    switch (action.kind) {
      case "crash":
        return time.at(action.at, () => siteOf(action.cluster)?.crash(this.#clusterIds[action.cluster] ?? "", action.pick));
      case "node":
        return time.at(action.at, () => siteOf(action.cluster)?.failNode(this.#clusterIds[action.cluster] ?? "", action.node, action.forMs));
      case "cut":
        return time.at(action.at, () => network?.cut(action.way, action.forMs));
      case "slow":
        return time.at(action.at, () => network?.slow(action.delayMs, action.forMs));
      case "full disk":
        time.at(action.at, () => site?.fillDisk());
        return time.at(action.at + action.forMs, () => {
          if (site) site.store.isFull = false;
        });
      case "kill agents":
        time.at(action.at, () => site?.kill(action.moment));
        return this.#startAgain(action.at + action.forMs, site);
      case "restore agents": {
        let backup: SiteBackup | undefined;
        time.at(action.at - action.ageMs, () => (backup = site?.backup()) && undefined);
        time.at(action.at, () => site?.ensureKilled());
        return this.#startAgain(action.at + action.forMs, site, () => backup && site?.restore(backup));
      }
      case "lose store":
        time.at(action.at, () => site?.ensureKilled());
        return this.#startAgain(action.at + action.forMs, site, () => site?.loseStore());
      case "kill centre":
        time.at(action.at, () => this.#killCentre());
        return time.at(action.at + action.forMs, () => this.#startCentre());
      case "restore centre": {
        let backup: { readonly of: unknown; readonly wanted: Wanted } | undefined;
        time.at(action.at - action.ageMs, async () => {
          backup = { of: await this.#centre.backup(), wanted: structuredClone(this.#wanted) };
        });
        time.at(action.at, () => this.#killCentre());
        return time.at(action.at + action.forMs, async () => {
          if (backup) {
            await this.#centre.restore(backup.of, action.termRises);
            this.#wanted = structuredClone(backup.wanted);
          }
          await this.#startCentre();
        });
      }
      default:
        return time.at(action.at, () => this.#change(action));
    }
  }

  #startAgain(at: number, site: Site | undefined, before: () => unknown = () => undefined): void {
    this.#time.at(at, () => {
      site?.ensureKilled();
      before();
      site?.start();
    });
  }

  async #killCentre(): Promise<void> {
    this.#centreIsDown += 1;
    await this.#centre.kill();
    for (const network of this.#networks) network.reset("the centre was killed");
  }

  /** Once nobody holds it down any more. */
  async #startCentre(): Promise<void> {
    this.#centreIsDown -= 1;
    if (this.#centreIsDown === 0) await this.#centre.start();
  }

  #change(action: Parameters<typeof act>[1]): void | Promise<void> {
    if (this.#centreIsDown > 0) return;
    const changes = act(this.#wanted, action, this.#clusterIds, this.#numbers);
    const isQuick = action.kind === "create" || action.kind === "scale";
    for (const { objectId } of changes) {
      const before = this.#changed.get(objectId);
      this.#changed.set(objectId, { at: this.#time.now, isQuick: isQuick && (before === undefined || before.isQuick || this.#time.now - before.at > CONVERGES_MS) });
    }
    if (changes.length > 0) return this.#centre.change(changes, this.#wanted);
  }

  // -------------------------------------------------------------- judges

  #breach(what: string): void {
    this.#breaches.push(`at ${this.#time.now}: ${what}`);
  }

  #ticked(agents: readonly ClusterAgent[]): void {
    for (const agent of agents) this.#truths.get(agent.clusterId)?.look(this.#time.now, reportsOf(agent));
  }

  #committed(site: Site, agents: readonly ClusterAgent[]): void | Promise<void> {
    const quiet: ClusterAgent[] = [];
    for (const agent of agents) {
      const pods = reportsOf(agent);
      this.#lookAtCluster(site, agent, pods, agent.simulation.now);
      for (const difference of miscounted(agent, pods)) this.#breach(`agent ${agent.clusterId} counts wrong: ${difference}`);
      const { farEnd } = site;
      if (agent.session === "WELCOMED" && !agent.hasOutbox && site.store.reportsOf(agent.clusterId) === 0 && farEnd && this.#centre.serves(agent.clusterId, farEnd)) quiet.push(agent);
    }
    return this.#each(quiet, (agent, beliefs) => {
      this.#comparisons += 1;
      const differences = [...comparePods(agent, beliefs), ...compareCounts(agent, beliefs)];
      if (differences.length > 0) this.#breach(`agent ${agent.clusterId} has said all, and yet ${differences[0]}`);
    });
  }

  /** Without a promise in between where the centre answers at once. */
  #each(agents: readonly ClusterAgent[], judge: (agent: ClusterAgent, beliefs: Beliefs) => void): void | Promise<void> {
    for (const [index, agent] of agents.entries()) {
      const beliefs = this.#centre.believed(agent.clusterId);
      if (beliefs instanceof Promise) return beliefs.then((found) => {
        if (found) judge(agent, found);
        return this.#each(agents.slice(index + 1), judge);
      });
      if (beliefs) judge(agent, beliefs);
    }
  }

  /** What its journal sees: what it has in memory is what was committed. */
  #lookAtCluster(site: Site, agent: ClusterAgent, pods: readonly PodReport[], now: number): void {
    site.journals.get(agent.clusterId)?.look({ now, pods, held: site.store.heldBy(agent.clusterId), nodes: nodesOf(agent) });
  }

  #lookAtAll(): void | Promise<void> {
    const agents = this.#sites.flatMap((site) => [...site.agents.values()]);
    const now = BASE + this.#time.now;
    // What should have happened by now, and did not, is told by no commit.
    for (const site of this.#sites) {
      if (site.isUp) for (const agent of site.agents.values()) if (!agent.hasUnsaved && agent.simulation.nextDue() > now) this.#lookAtCluster(site, agent, reportsOf(agent), now);
    }
    const isCalmStory = isCalm(this.#story);
    return this.#each(agents, (agent, beliefs) => {
      this.#judgeAge(agent, beliefs);
      if (isCalmStory) this.#judgeSpeed(agent.clusterId, beliefs);
    });
  }

  #judgeAge(agent: ClusterAgent, beliefs: Beliefs): void {
    const { now } = this.#time;
    const seenAt = (beliefs.lastSeenAt ?? BASE) - BASE;
    if (seenAt > now) this.#breach(`the centre has seen ${agent.clusterId} at ${seenAt}, which is yet to come`);
    for (const lie of this.#truths.get(agent.clusterId)?.lies(beliefs, seenAt - VOUCH_LIMIT_MS) ?? []) this.#breach(`${agent.clusterId} was seen at ${seenAt}, and ${lie}`);
  }

  #judgeSpeed(clusterId: string, beliefs: Beliefs): void {
    const { now } = this.#time;
    for (const [id, { isConfirmed, kind, spec, counts, generation }] of beliefs.objects) {
      const change = this.#changed.get(id);
      if (change === undefined) continue;
      const age = now - change.at;
      if (age > CONFIRMED_MS && !isConfirmed && spec !== null) this.#breach(`${kind} ${id} on ${clusterId} is not confirmed ${age} ms after its change to generation ${generation}`);
      if (age <= READY_MS || !change.isQuick || spec === null || !("replicas" in spec) || this.#hasCrashes()) continue;
      if (counts?.ready !== spec.replicas) this.#breach(`placement ${id} has ${counts?.ready} of ${spec.replicas} pods ready ${age} ms after its change`);
    }
  }

  #hasCrashes(): boolean {
    return this.#story.actions.some(({ kind }) => kind === "crash");
  }

  async #converged(): Promise<void> {
    const wantedObjects = wantedOf(this.#wanted);
    for (const site of this.#sites) {
      for (const agent of site.agents.values()) {
        const { clusterId } = agent;
        // oxlint-disable-next-line no-await-in-loop -- of few clusters
        const beliefs = await this.#centre.believed(clusterId);
        const differences: string[] = [];
        if (agent.session !== "WELCOMED") differences.push(`the agent is ${agent.session}`);
        if (site.store.newsOf(clusterId) > 0) differences.push(`${site.store.newsOf(clusterId)} reports wait`);
        if (beliefs === null) differences.push("the centre does not know it");
        else {
          differences.push(...comparePods(agent, beliefs), ...compareCounts(agent, beliefs), ...compareWanted(agent, beliefs, wantedObjects.get(clusterId) ?? new Set(), site));
          const age = this.#time.now - ((beliefs.lastSeenAt ?? BASE) - BASE);
          if (this.#centre.hearsAtOnce && age > CONFIRMED_MS + 2_000) differences.push(`it was last seen ${age} ms ago`);
        }
        for (const difference of differences) this.#breach(`cluster ${clusterId} has not converged: ${difference}`);
      }
    }
  }
}

function wantedOf(wanted: Wanted): Map<string, Set<string>> {
  const byCluster = new Map<string, Set<string>>();
  const add = (clusterId: string, id: string): void => void byCluster.set(clusterId, (byCluster.get(clusterId) ?? new Set()).add(id));
  for (const app of wanted.apps) {
    for (const [clusterId, id] of app?.placements ?? []) add(clusterId, id);
    for (const [clusterId, { id }] of app?.services ?? []) add(clusterId, id);
  }
  return byCluster;
}

const reportsOf = (agent: ClusterAgent): PodReport[] => [...agent.simulation.slots()].map((slot) => agent.simulation.report(slot));
const nodesOf = ({ simulation: { nodes } }: ClusterAgent): Map<string, NodeReport["status"]> => new Map(nodes.descriptions.map(({ id }, index) => [id, nodes.status(index)]));

/** What it counts is what there is. */
function miscounted(agent: ClusterAgent, pods: readonly PodReport[]): string[] {
  return [...Map.groupBy(pods, ({ placementId }) => placementId)].flatMap(([id, all]) => {
    const { created, ready } = agent.simulation.counts(id);
    const [are, areReady] = [all.filter(({ phase }) => phase !== "TERMINATING").length, all.filter((pod) => pod.ready).length];
    return created === are && ready === areReady ? [] : [`placement ${id} has ${are} pods and ${areReady} ready, and says ${created} and ${ready}`];
  });
}
const podsOf = (agent: ClusterAgent, beliefs: Beliefs): Map<string, string> =>
  new Map(reportsOf(agent).filter(({ placementId, revisionId }) => beliefs.objects.has(placementId) && beliefs.revisions.has(revisionId)).map((pod) => [pod.id, podKey(pod)]));

function differingPods(agent: ClusterAgent, beliefs: Beliefs): string[] {
  const pods = podsOf(agent, beliefs);
  return [...new Set([...pods.keys(), ...beliefs.pods.keys()])].filter((id) => pods.get(id) !== beliefs.pods.get(id));
}

function comparePods(agent: ClusterAgent, beliefs: Beliefs): string[] {
  const pods = podsOf(agent, beliefs);
  return differingPods(agent, beliefs).map((id) => `pod ${id} is "${pods.get(id) ?? "gone"}", and the centre holds "${beliefs.pods.get(id) ?? "nothing"}"`);
}

function compareCounts(agent: ClusterAgent, beliefs: Beliefs): string[] {
  return [...beliefs.objects].flatMap(([id, { kind, counts, isConfirmed }]) => {
    if (kind !== "placement" || !isConfirmed) return [];
    const { created, ready, updated } = agent.simulation.counts(id);
    const [is, held] = [JSON.stringify({ created, ready, updated }), JSON.stringify(counts && { created: counts.created, ready: counts.ready, updated: counts.updated })];
    return is === held ? [] : [`placement ${id} has ${is}, and the centre holds ${held}`];
  });
}

function compareWanted(agent: ClusterAgent, beliefs: Beliefs, wanted: ReadonlySet<string>, site: Site): string[] {
  const differences: string[] = [];
  const held = new Map([...site.store.heldBy(agent.clusterId)].map(([id, text]) => [id, JSON.parse(text) as HeldPair & { readonly problem: string | null }]));
  for (const id of held.keys()) if (!wanted.has(id)) differences.push(`the agent still holds ${id}`);
  for (const id of beliefs.objects.keys()) if (!wanted.has(id)) differences.push(`the centre still holds ${id}`);
  for (const id of wanted) {
    const [object, believed] = [held.get(id), beliefs.objects.get(id)];
    if (!believed?.isConfirmed) differences.push(`${id} is not confirmed`);
    if (JSON.stringify(object?.spec) !== JSON.stringify(believed?.spec)) differences.push(`${id} is held as ${JSON.stringify(object?.spec)}, and assigned as ${JSON.stringify(believed?.spec)}`);
    if (object?.problem) differences.push(`${id} has the problem ${object.problem}`);
    if (!believed?.spec || !("replicas" in believed.spec)) continue;
    const { replicas } = believed.spec;
    const { created, ready, updated } = agent.simulation.counts(id);
    if (created !== replicas || ready !== replicas || updated !== replicas) differences.push(`${id} has ${created} pods, ${ready} ready and ${updated} updated of ${replicas}`);
    const configured = agent.simulation.configured(id);
    if (configured !== replicas) differences.push(`${id} has ${configured} of ${replicas} pods configured`);
  }
  for (const [id, status] of beliefs.nodes) {
    const index = agent.simulation.nodes.indexOf(id);
    if (index >= 0 && agent.simulation.nodes.status(index) !== status) differences.push(`node ${id} is ${agent.simulation.nodes.status(index)}, and the centre holds ${status}`);
  }
  return differences;
}

