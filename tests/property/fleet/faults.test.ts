/** Laws of faults on a simulated cluster, whatever is rehearsed when, and whatever else happens to it. fast-check prints the seed of a failure. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DISCONNECT_MODES } from "#server/domain/states.ts";
import type { FaultOrder, PlacementSpec } from "#server/fleet/link.ts";
import { DEFAULT_BEHAVIOURS } from "#server/fleet/simulator/behaviours.ts";
import { turnAt, WHOLE } from "#server/fleet/simulator/cuts.ts";
import { spec, template, uuid } from "../../unit/fleet/scripted-gateway.ts";
import { restarted, simulatedCluster, type SimulatedCluster } from "../../unit/fleet/simulated-cluster.ts";

const HOUR = 3_600_000;
const probed = template("shop/web:2");
const [plainContainer] = probed.containers;
const templates = [
  template("shop/web:1"),
  { ...probed, containers: plainContainer === undefined ? [] : [{
    ...plainContainer,
    readinessProbe: { handler: { type: "TcpSocketProbe" as const, port: 80 }, initialDelaySeconds: 1, periodSeconds: 2, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 2 },
  }] },
];

type Step =
  | { readonly kind: "assign"; readonly app: number; readonly replicas: number; readonly of: number; readonly isSpot: boolean }
  | { readonly kind: "inject"; readonly what: number; readonly node: number; readonly pod: number; readonly mode: number; readonly seed: number; readonly inMs: number; readonly lastsMs: number }
  | { readonly kind: "end"; readonly pick: number }
  | { readonly kind: "pass"; readonly ms: number };

const steps = (maxLength: number): fc.Arbitrary<Step[]> => fc.array(fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("assign" as const), app: fc.nat(2), replicas: fc.nat(8), of: fc.nat(templates.length - 1), isSpot: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({
    kind: fc.constant("inject" as const), what: fc.nat(4), node: fc.nat(3), pod: fc.nat(50), mode: fc.nat(DISCONNECT_MODES.length - 1), seed: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    inMs: fc.integer({ min: -5_000, max: 5_000 }), lastsMs: fc.integer({ min: 1, max: 90_000 }),
  }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("end" as const), pick: fc.nat(10) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 40_000 }) }) },
), { maxLength });

const appOf = (app: number): string => uuid(100 + app);

/** A cluster, and the centre's side of its faults: what is in force is named whenever it changes. */
class Rehearsal {
  cluster = simulatedCluster();
  now = 0;
  orders: FaultOrder[] = [];
  readonly wanted = new Map<string, PlacementSpec>();
  readonly told: SimulatedCluster["happenings"][number][] = [];
  #made = 0;

  act(step: Step): void {
    switch (step.kind) {
      case "assign": {
        const of = templates[step.of] ?? template("shop/web:1");
        const wanted = spec(of, { replicas: step.replicas, revisionId: uuid(40 + step.of), capacityType: step.isSpot ? "SPOT" : "ON_DEMAND" });
        this.wanted.set(appOf(step.app), wanted);
        return this.cluster.assign(appOf(step.app), wanted, of);
      }
      case "inject": {
        const order = this.#orderOf(step);
        this.orders = [...this.orders, order];
        return this.tell();
      }
      case "end":
        if (this.orders.length > 0) this.orders = this.orders.toSpliced(step.pick % this.orders.length, 1);
        return this.tell();
      case "pass":
        this.now += step.ms;
    }
  }

  #orderOf({ what, node, pod, mode, seed, inMs, lastsMs }: Extract<Step, { kind: "inject" }>): FaultOrder {
    const startsAt = Math.max(0, this.now + inMs);
    const common = { id: uuid(9_000 + (this.#made += 1)), seed, startsAt, endsAt: Math.max(this.now, startsAt) + lastsMs };
    // One of four is a node that is not there: the whole cluster, where that may be.
    const onNode = node < 3 ? { nodeId: `node-${node}` } : {};
    const pods = this.cluster.pods();
    switch (what) {
      case 0:
        return { ...common, kind: "DISCONNECT_CLUSTER", mode: DISCONNECT_MODES[mode] ?? "BOTH_WAYS" };
      case 1:
        return { ...common, kind: "FAIL_NODE", nodeId: `node-${node}` };
      case 2:
        return { ...common, kind: "CRASH_POD", podId: pods[pod % Math.max(1, pods.length)]?.id ?? uuid(1) };
      case 3:
        return { ...common, kind: "SLOW_IMAGE_PULL", ...onNode };
      default:
        return { ...common, kind: "RECLAIM_SPOT", ...onNode };
    }
  }

  tell(): void {
    this.cluster.simulation.orderFaults(this.orders.filter(({ endsAt }) => endsAt > this.now));
  }

  advance(to = this.now): void {
    this.cluster.simulation.advanceTo(to);
  }

  restart(): void {
    this.told.push(...this.cluster.happenings);
    this.cluster = restarted(this.cluster, [...this.wanted].map(([id, wanted]) => ({ id, spec: wanted })), templates);
  }

  get happenings(): SimulatedCluster["happenings"] {
    return [...this.told, ...this.cluster.happenings];
  }
}

interface Ways {
  /** Milliseconds at a time. */
  readonly piece?: number;
  /** How often each order is said. */
  readonly times?: number;
  readonly restarts?: boolean;
  readonly look?: (rehearsal: Rehearsal) => void;
}

function play(all: readonly Step[], { piece = Infinity, times = 1, restarts = false, look = () => undefined }: Ways = {}): Rehearsal {
  const rehearsal = new Rehearsal();
  let at = 0;
  for (const step of all) {
    rehearsal.act(step);
    do {
      at = Math.min(rehearsal.now, at + piece);
      rehearsal.advance(at);
      for (let time = 1; time < times; time += 1) rehearsal.tell();
      look(rehearsal);
    } while (at < rehearsal.now);
    if (restarts) rehearsal.restart();
  }
  return rehearsal;
}

/** What is there, and what is stored of it. */
const stateOf = ({ cluster }: Rehearsal): unknown => [cluster.pods(), cluster.simulation.state, cluster.simulation.cut, cluster.simulation.nodes.descriptions.map((_, index) => cluster.simulation.nodes.status(index))];

function expectLaws({ cluster, happenings }: Rehearsal): void {
  const { nodes } = cluster.simulation;
  for (const pod of cluster.pods()) {
    const answers = pod.nodeId === null || nodes.status(nodes.indexOf(pod.nodeId)) === "READY";
    if (!answers) expect([pod.ready, ["UNKNOWN", "TERMINATING"].includes(pod.phase)]).toEqual([false, true]);
    else expect(pod.phase).not.toBe("UNKNOWN");
  }
  for (const app of [0, 1, 2]) {
    const pods = cluster.podsOf(appOf(app));
    expect(cluster.simulation.counts(appOf(app))).toMatchObject({ created: pods.filter(({ phase }) => phase !== "TERMINATING").length, ready: pods.filter(({ ready }) => ready).length, all: pods.length });
  }
  const once = happenings.filter(({ reason }) => ["FaultBegan", "FaultEnded", "Crashed"].includes(reason)).map(({ reason, faultId }) => `${reason} ${faultId}`);
  expect(new Set(once).size).toBe(once.length);
}

/** All that was rehearsed is long over. */
function expectNothingLeft({ cluster, wanted }: Rehearsal): void {
  const { simulation } = cluster;
  expect([simulation.cut, simulation.state.faults, simulation.state.outages]).toEqual([WHOLE, undefined, undefined]);
  for (const [id, { replicas }] of wanted) expect(simulation.counts(id)).toEqual({ created: replicas, ready: replicas, updated: replicas, all: replicas });
}

describe("faults", () => {
  it("happen once each; a node that does not answer has no ready pods, and nothing is counted twice", () => {
    fc.assert(fc.property(steps(30), (all) => void play(all, { piece: 4_000, look: expectLaws })), { numRuns: 60 });
  });

  it("leave nothing behind: all ends by itself where nobody is heard of any more, and everything is as it is wanted", () => {
    fc.assert(fc.property(steps(30), (all) => {
      const rehearsal = play(all);
      rehearsal.advance(rehearsal.now + HOUR);
      expectNothingLeft(rehearsal);
    }), { numRuns: 80 });
  });

  it("are the same however finely time advances, and however often they are ordered", () => {
    fc.assert(fc.property(steps(25), fc.integer({ min: 200, max: 9_000 }), (all, piece) => {
      const once = play(all);
      for (const again of [play(all, { piece }), play(all, { times: 3 })]) {
        expect(stateOf(again)).toEqual(stateOf(once));
        expect(again.happenings).toEqual(once.happenings);
      }
    }), { numRuns: 40 });
  });

  it("go on after a restart at any moment: what was carried out is not carried out again", () => {
    fc.assert(fc.property(steps(20), (all) => {
      const rehearsal = play(all, { restarts: true, look: expectLaws });
      rehearsal.advance(rehearsal.now + HOUR);
      expectLaws(rehearsal);
      expectNothingLeft(rehearsal);
    }), { numRuns: 60 });
  });

  it("would be found out: an end that never comes, an order that counts again, a record that is lost", () => {
    const app: Step = { kind: "assign", app: 0, replicas: 3, of: 0, isSpot: false };
    const crash = (lastsMs: number): Step => ({ kind: "inject", what: 2, node: 0, pod: 0, mode: 0, seed: 1, inMs: 0, lastsMs });
    const settled: Step = { kind: "pass", ms: 20_000 };
    const unending = play([app, settled, crash(2 * HOUR)]);
    unending.advance(unending.now + HOUR);
    expect(() => expectNothingLeft(unending)).toThrow();

    const again = play([app, settled, crash(60_000), { kind: "pass", ms: 1 }]);
    again.orders = again.orders.map((order) => ({ ...order, id: uuid(9_999) }));
    again.tell();
    again.advance(again.now + HOUR);
    expect(again.happenings.filter(({ reason }) => reason === "Crashed")).toHaveLength(2);

    const forgetful = play([app, settled, crash(60_000), { kind: "pass", ms: 1 }]);
    const { faults, ...rest } = forgetful.cluster.simulation.state;
    expect(faults).toHaveLength(1);
    Object.defineProperty(forgetful.cluster.simulation, "state", { value: rest });
    forgetful.restart();
    forgetful.tell();
    forgetful.advance(forgetful.now + 20_000);
    expect(() => expectLaws(forgetful)).toThrow();
  });
});

describe("a link that flaps", () => {
  const { flap } = DEFAULT_BEHAVIOURS.faults;
  it("is cut first, then whole, by turns whose lengths follow from the seed alone, wherever one begins to look", () => {
    fc.assert(fc.property(fc.integer(), fc.nat(1_000_000), fc.array(fc.nat(60_000), { maxLength: 20 }), (seed, startsAt, gaps) => {
      let now = startsAt;
      let turn = turnAt({ seed, startsAt }, now, flap);
      expect(turn.number).toBe(0);
      for (const gap of gaps) {
        now += gap;
        const next = turnAt({ seed, startsAt }, now, flap, turn);
        expect(next).toEqual(turnAt({ seed, startsAt }, now, flap));
        expect(next.until).toBeGreaterThan(now);
        expect(next.until - now).toBeLessThanOrEqual(flap.maxMs);
        turn = next;
      }
      expect(turn.number).toBeLessThanOrEqual((now - startsAt) / flap.minMs);
    }));
  });
});
