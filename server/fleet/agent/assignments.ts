/**
 * Takes in what the gateway assigns: templates and contents first, then the objects that name them; and keeps of the first two what is still of use.
 */
import type { PodTemplate } from "../../domain/pod-template.ts";
import type { Assign, AssignedObject } from "../link.ts";
import type { FleetLogger } from "../logger.ts";
import type { ClusterSimulation } from "../simulator/cluster.ts";
import type { Contents } from "./contents.ts";
import type { HeldObjects } from "./objects.ts";
import type { UnsavedChanges } from "./unsaved.ts";

/** Templates that nothing is made of any more are let go of with the next hello; beyond so many the agent says hello by itself. */
export const UNUSED_TEMPLATE_LIMIT = 1_000;

/** The gateway broke the protocol: the connection is of no more use. */
export class LinkFault extends Error {}

export interface AssignmentsOptions {
  /** The cluster's code, for the log. */
  readonly cluster: string;
  readonly simulation: ClusterSimulation;
  readonly contents: Contents;
  readonly objects: HeldObjects;
  readonly templates: Iterable<readonly [hash: string, template: PodTemplate]>;
  readonly unsaved: UnsavedChanges;
  readonly logger: FleetLogger;
}

export class Assignments {
  readonly #cluster: string;
  readonly #simulation: ClusterSimulation;
  readonly #contents: Contents;
  readonly #objects: HeldObjects;
  readonly #unsaved: UnsavedChanges;
  readonly #logger: FleetLogger;
  readonly #templates: Map<string, PodTemplate>;
  /** How many were left when some were last let go of. */
  #templatesKept = 0;

  constructor({ cluster, simulation, contents, objects, templates, unsaved, logger }: AssignmentsOptions) {
    this.#cluster = cluster;
    this.#simulation = simulation;
    this.#contents = contents;
    this.#objects = objects;
    this.#templates = new Map(templates);
    this.#unsaved = unsaved;
    this.#logger = logger;
  }

  template(hash: string): PodTemplate | null {
    return this.#templates.get(hash) ?? null;
  }

  /**
   * Whether the hello that was said still tells what is here; else another one is to be said: too many templates are here, or objects could not be
   * taken for want of contents. `knownTerm` is the highest that the agent was ever told.
   * @throws LinkFault when an object's template was never sent.
   */
  take({ term, objects, templates, contents = {} }: Assign, knownTerm: number): boolean {
    for (const [hash, template] of Object.entries(templates)) {
      if (this.#templates.has(hash)) continue;
      this.#templates.set(hash, template);
      this.#simulation.addTemplate(hash, template);
      this.#unsaved.templates.add(hash);
    }
    const fresh = new Set(Object.entries(contents).flatMap(([name, sealed]) => (this.#contents.take(name, sealed) ? [name] : [])));
    const came = new Set(Object.keys(contents));
    let isComplete = true;
    for (const object of objects) if (!this.#takeObject(term, knownTerm, object, came)) isComplete = false;
    if (fresh.size > 0) {
      this.#objects.contentsChanged(fresh);
      this.#simulation.contentsChanged();
    }
    this.dropContents();
    return isComplete && this.#templates.size <= Math.max(2 * this.#objects.size, this.#templatesKept) + UNUSED_TEMPLATE_LIMIT;
  }

  /** Lets go of templates that nothing is made of. */
  dropTemplates(): void {
    for (const hash of this.#simulation.pruneTemplates()) {
      this.#templates.delete(hash);
      this.#unsaved.templates.add(hash);
    }
    this.#templatesKept = this.#templates.size;
  }

  /** Lets go of contents that neither a held placement nor a pod uses. */
  dropContents(): void {
    this.#contents.keepOnly(this.#simulation.contentsInUse().union(this.#objects.contents()));
  }

  /** False when it could not be taken for want of contents. */
  #takeObject(term: number, knownTerm: number, object: AssignedObject, came: ReadonlySet<string>): boolean {
    const { objectId, kind, generation } = object;
    const fields = { cluster: this.#cluster, object: objectId, term, generation };
    const isHeld = this.#objects.isHeld(objectId, term, generation);
    if (term < knownTerm && !isHeld) {
      this.#logger.warn(fields, "an assignment of an older term was refused");
      return true;
    }
    switch (kind) {
      case "placement":
        if (object.spec !== null && !isHeld && !this.#simulation.hasTemplate(object.spec.templateHash)) {
          throw new LinkFault(`object ${objectId} needs the template ${object.spec.templateHash}, which was never sent`);
        }
        if (this.#objects.takePlacement(term, object, came)) break;
        this.#logger.warn(fields, "an assignment names contents that did not come with it: they are asked for");
        return false;
      case "service":
        this.#objects.takeService(term, object);
        break;
      default:
        this.#logger.warn({ ...fields, kind }, "an object of an unknown kind was ignored");
        return true;
    }
    const problem = (this.#objects.placement(objectId) ?? this.#objects.service(objectId))?.problem ?? null;
    if (problem !== null) this.#logger.error({ ...fields, problem }, "an assignment can't be carried out");
    return true;
  }
}
