/**
 * What a cluster was assigned: its held objects, placements and services, each with the (term, generation) that it holds, and what it says of them.
 *
 * - An object that can't be carried out is held all the same, with its *problem*, and the cluster goes on with what it had of it before. A later
 *   generation is tried anew.
 * - A placement that names contents which are not here is *asked for*, once for each of its generations and connection, by a new hello of the cluster
 *   that leaves it out of what is held. When it comes without them again they are *withheld*: it is taken as it is, and that is its problem. Until one or
 *   the other nothing is said of it: a report would confirm it, and nobody would send what it lacks. A content that came and can't be opened is a problem
 *   at once.
 * - A service's problem may pass by itself: another one gave up its address.
 */
import { contentHash } from "../../domain/canonical.ts";
import type { ConfigUse } from "../../domain/placement.ts";
import type {
  AssignedPlacement, AssignedService, HeldObject, PlacementReport, PlacementSpec, ServiceReport, ServiceSpec,
} from "../link.ts";
import type { ClusterSimulation } from "../simulator/cluster.ts";
import type { Contents } from "./contents.ts";
import type { UnsavedChanges } from "./unsaved.ts";

export interface StoredPlacement {
  readonly id: string;
  readonly term: number;
  readonly generation: number;
  readonly spec: PlacementSpec | null;
  /** Why it can't be carried out; null when it is. */
  readonly problem: string | null;
  /** With a problem: what the cluster works on instead, null for nothing. */
  readonly carried: PlacementSpec | null;
}

export interface StoredService {
  readonly id: string;
  readonly term: number;
  readonly generation: number;
  readonly spec: ServiceSpec | null;
  readonly problem: string | null;
}

/** Objects of which there is something to say. */
export interface ObjectListener {
  placementChanged(placementId: string): void;
  serviceChanged(serviceId: string): void;
}

export interface ObjectsOptions {
  readonly simulation: ClusterSimulation;
  readonly contents: Contents;
  readonly unsaved: UnsavedChanges;
  readonly listener: ObjectListener;
}

export class HeldObjects {
  readonly #simulation: ClusterSimulation;
  readonly #contents: Contents;
  readonly #unsaved: UnsavedChanges;
  readonly #listener: ObjectListener;
  readonly #placements = new Map<string, StoredPlacement>();
  readonly #services = new Map<string, StoredService>();
  /** By placement: the pair (term, generation) for which contents were asked for on this connection, and the one that came without them again. */
  readonly #asked = new Map<string, string>();
  readonly #withheld = new Map<string, string>();

  constructor({ simulation, contents, unsaved, listener }: ObjectsOptions) {
    this.#simulation = simulation;
    this.#contents = contents;
    this.#unsaved = unsaved;
    this.#listener = listener;
  }

  restore(placements: readonly StoredPlacement[], services: readonly StoredService[]): void {
    for (const placement of placements) this.#placements.set(placement.id, placement);
    for (const service of services) this.#services.set(service.id, service);
  }

  get size(): number {
    return this.#placements.size + this.#services.size;
  }

  placementIds(): Iterable<string> {
    return this.#placements.keys();
  }

  serviceIds(): Iterable<string> {
    return this.#services.keys();
  }

  placement(id: string): StoredPlacement | null {
    return this.#placements.get(id) ?? null;
  }

  service(id: string): StoredService | null {
    return this.#services.get(id) ?? null;
  }

  // -------------------------------------------------------------- hello

  /** A new connection: what was asked for on another one is asked for again. */
  forgetAsked(): void {
    this.#asked.clear();
    this.#withheld.clear();
  }

  /** What the cluster says to hold: all but placements that lack contents, which are thereby asked for. */
  holds(): HeldObject[] {
    const held: HeldObject[] = [];
    for (const { id, term, generation, spec } of this.#placements.values()) {
      if (this.#lacking(spec).length === 0) held.push({ objectId: id, term, generation, hash: contentHash(spec) });
      else if (!this.#asked.has(id)) this.#asked.set(id, pairOf(term, generation));
    }
    for (const { id, term, generation, spec } of this.#services.values()) held.push({ kind: "service", objectId: id, term, generation, hash: contentHash(spec) });
    return held;
  }

  /** Every content that a held placement names. */
  contents(): Set<string> {
    const names = new Set<string>();
    for (const { spec } of this.#placements.values()) for (const { content } of spec?.configs ?? []) names.add(content);
    return names;
  }

  /** Contents have come, or were found to be no good. */
  contentsChanged(names: ReadonlySet<string>): void {
    for (const { id, spec } of this.#placements.values()) {
      if (spec?.configs?.some(({ content }) => names.has(content))) this.#listener.placementChanged(id);
    }
  }

  // -------------------------------------------------------------- assignments

  /**
   * False when it lacks contents that are to be asked for first. Its template must be here. `came` are the names of the contents that it came with,
   * which have been taken in.
   */
  takePlacement(term: number, { objectId: id, generation, spec }: AssignedPlacement, came: ReadonlySet<string>): boolean {
    const held = this.#placements.get(id);
    if (held !== undefined && isNewer(held.term, held.generation, { term, generation })) {
      this.#listener.placementChanged(id);
      return true;
    }
    if (this.#lacking(spec).some(({ content }) => !came.has(content))) {
      const pair = pairOf(term, generation);
      if (this.#asked.get(id) !== pair) {
        this.#asked.set(id, pair);
        return false;
      }
      this.#withheld.set(id, pair);
    }
    this.#listener.placementChanged(id);
    if (!isNewer(term, generation, held)) return true;
    const problem = attempt(() => this.#simulation.assign(id, spec));
    const before = held === undefined ? null : held.problem === null ? held.spec : held.carried;
    this.#placements.set(id, { id, term, generation, spec, problem, carried: problem === null ? null : before });
    this.#unsaved.placements.add(id);
    return true;
  }

  takeService(term: number, { objectId: id, generation, spec }: AssignedService): void {
    this.#listener.serviceChanged(id);
    if (!isNewer(term, generation, this.#services.get(id))) return;
    this.#simulation.assignService(id, spec);
    this.#services.set(id, { id, term, generation, spec, problem: this.#simulation.serviceProblem(id) });
    this.#unsaved.services.add(id);
  }

  /** The simulation says that a service got its address, or lost it. */
  serviceChanged(id: string): void {
    const held = this.#services.get(id);
    if (held === undefined) return;
    this.#services.set(id, { ...held, problem: this.#simulation.serviceProblem(id) });
    this.#unsaved.services.add(id);
    this.#listener.serviceChanged(id);
  }

  /** Whether this is held, or something newer. */
  isHeld(id: string, term: number, generation: number): boolean {
    const held = this.#placements.get(id) ?? this.#services.get(id);
    return held !== undefined && !isNewer(term, generation, held);
  }

  /** Contents that it lacks have been asked for, and that was not answered yet. */
  isAwaited(placementId: string): boolean {
    const held = this.#placements.get(placementId);
    if (held === undefined) return false;
    const pair = pairOf(held.term, held.generation);
    return this.#asked.get(placementId) === pair && this.#withheld.get(placementId) !== pair && this.#lacking(held.spec).length > 0;
  }

  // -------------------------------------------------------------- reports

  /** null where there is nothing to say (yet). */
  placementReport(placementId: string): PlacementReport | null {
    const held = this.#placements.get(placementId);
    if (held === undefined) return null;
    if (this.isAwaited(placementId)) return null;
    const { term, generation, spec } = held;
    const { created, ready, updated, all } = this.#simulation.counts(placementId);
    const problem = held.problem ?? this.#contentProblem(held);
    return {
      placementId, term, generation, created, ready, updated,
      ...(spec === null ? {} : { configured: this.#simulation.configured(placementId) }),
      ...(spec === null && all === 0 ? { removed: true } : {}),
      ...(problem === null ? {} : { problem }),
    };
  }

  serviceReport(serviceId: string): ServiceReport | null {
    const held = this.#services.get(serviceId);
    if (held === undefined) return null;
    const { term, generation, spec, problem } = held;
    return { serviceId, term, generation, ...(spec === null ? { removed: true } : {}), ...(problem === null ? {} : { problem }) };
  }

  /** The centre knows that a tombstone was carried out. */
  placementRemoved({ placementId, term, generation }: PlacementReport): void {
    const held = this.#placements.get(placementId);
    if (held?.term !== term || held.generation !== generation) return;
    this.#placements.delete(placementId);
    this.#asked.delete(placementId);
    this.#withheld.delete(placementId);
    this.#unsaved.placements.add(placementId);
    this.#simulation.forget(placementId);
  }

  serviceRemoved({ serviceId, term, generation }: ServiceReport): void {
    const held = this.#services.get(serviceId);
    if (held?.term !== term || held.generation !== generation) return;
    this.#services.delete(serviceId);
    this.#unsaved.services.add(serviceId);
  }

  #lacking(spec: PlacementSpec | null): readonly ConfigUse[] {
    return spec?.configs?.filter(({ content }) => !this.#contents.has(content)) ?? [];
  }

  #contentProblem({ id, term, generation, spec }: StoredPlacement): string | null {
    const isWithheld = this.#withheld.get(id) === pairOf(term, generation);
    for (const { kind, name, content } of this.#lacking(spec)) {
      if (this.#contents.isUnopenable(content)) return `The content of ${kind} "${name}" can't be opened with this cluster's key.`;
      if (isWithheld) return `The content of ${kind} "${name}" was not sent to this cluster.`;
    }
    return null;
  }
}

const pairOf = (term: number, generation: number): string => `${term} ${generation}`;

const isNewer = (term: number, generation: number, held: { readonly term: number; readonly generation: number } | undefined): boolean =>
  held === undefined || term > held.term || (term === held.term && generation > held.generation);

/** The message of what it throws, as a sentence; null when it succeeds. */
function attempt(work: () => void): string | null {
  try {
    work();
    return null;
  } catch (error) {
    const { message } = error as Error;
    return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
  }
}
