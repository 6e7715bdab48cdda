import type { GraphQLObjectType, GraphQLSchema } from "graphql";
import type { Role } from "#server/domain/states.ts";
import { randomMessage } from "./random-messages.ts";
import type { OperationHints } from "./random-arguments.ts";
import { OperationGenerator, type RandomOperation } from "./random-operation.ts";
import type { Dice } from "./random.ts";
import type { ReadWorld, WorldViewer } from "./read-world.ts";
import { NOW } from "./reading.ts";
import { permittedFields } from "./schema-paths.ts";
import type { Running, Sides } from "./three-ways.ts";

/** Who asks what, and when. */
export interface RandomAsking {
  readonly asked: RandomOperation;
  readonly viewer: WorldViewer;
  readonly now: number;
  /** Of a subscription. */
  readonly message?: object;
}

/** What operations are to reach: one of these goals of the generator, asked for by one of these roles where it matters. */
export interface Aim {
  readonly goals: readonly string[];
  readonly roles?: readonly Role[];
  /** Asked by who sees what is torn. */
  readonly torn?: boolean;
  /** How likely a document is asked once more. */
  readonly again?: number;
}

export interface RandomAskingsOptions {
  readonly schema: GraphQLSchema;
  readonly world: ReadWorld;
  readonly hints: OperationHints;
  readonly dice: Dice;
  readonly of: "queries" | "messages";
}

/** Of clusters that were seen half a minute ago, some are stale now, and others a moment earlier or later. */
const TIMES = [NOW, NOW, NOW + 1, NOW - 1, NOW + 20_000, NOW - 20_000];
/** What is remembered of one must not be told to another, at another time, or to who asks for something else. */
const ASKED_AGAIN = 0.22;

/**
 * Random operations with who asks them. Some documents are asked again, and again: by others, at other times, with other values of their variables. They have
 * the same operation then, whose plan is drawn once, and what is remembered of it is at hand.
 */
export class RandomAskings {
  readonly #options: RandomAskingsOptions;
  readonly #generator: OperationGenerator;

  constructor(options: RandomAskingsOptions) {
    this.#options = options;
    this.#generator = new OperationGenerator(options);
  }

  /** As many, at the most. */
  batch(count: number, aim?: Aim): RandomAsking[] {
    const { dice } = this.#options;
    const askings: RandomAsking[] = [];
    while (askings.length < count) {
      const first = this.#made(aim);
      askings.push(first);
      while (askings.length < count && dice.chance(aim?.again ?? ASKED_AGAIN)) askings.push(this.#again(first, aim));
    }
    return askings;
  }

  /** What was answered since the last time, by `Type.field`. */
  landed(times: ReadonlyMap<string, number>): void {
    this.#generator.landed(times);
  }

  /** The goals that nobody has who may ask with this aim. */
  unreached(aim: Aim): string[] {
    return aim.goals.filter((goal) => !this.#options.world.viewers.some((viewer) => this.#fits(viewer, { ...aim, goals: [goal] })));
  }

  #made(aim?: Aim): RandomAsking {
    const { dice, of, schema, world } = this.#options;
    const viewer = this.#viewer(aim);
    const role = roleOf(viewer);
    const now = dice.pick(TIMES);
    // Mostly what is there for the viewer.
    const ids = dice.chance(0.8) ? world.idsOf.get(viewer.tenantId) : undefined;
    const hints = ids ? { ...this.#options.hints, ids } : this.#options.hints;
    if (of === "queries") return { viewer, now, asked: this.#generator.query(role, { hints, goal: aim && dice.pick(aim.goals.filter((goal) => this.#generator.reaches(role, goal))) }) };
    const all = permittedFields(schema.getSubscriptionType() as GraphQLObjectType, role).map(({ name }) => name);
    const goal = aim && dice.pick(aim.goals);
    const root = dice.pick(goal === undefined ? all : all.filter((one) => this.#generator.reaches(role, goal, one)));
    return { viewer, now, asked: this.#generator.subscription(role, root, { hints, goal }), message: randomMessage(schema, root, hints, dice) };
  }

  #again(first: RandomAsking, aim?: Aim): RandomAsking {
    const { dice } = this.#options;
    const { asked } = first;
    return {
      ...first,
      viewer: dice.chance(0.6) ? this.#viewer(aim) : first.viewer,
      now: dice.chance(0.5) ? dice.pick(TIMES) : first.now,
      asked: asked.others && dice.chance(0.6) ? { ...asked, variables: asked.others } : asked,
    };
  }

  #viewer(aim?: Aim): WorldViewer {
    const { dice, world } = this.#options;
    return dice.weighted(world.viewers.filter((viewer) => !aim || this.#fits(viewer, aim)), ({ weight }) => weight);
  }

  #fits(viewer: WorldViewer, { goals, roles, torn = false }: Aim): boolean {
    const role = roleOf(viewer);
    if ((roles && !roles.includes(role)) || (torn && viewer.whole)) return false;
    if (this.#options.of === "queries") return goals.some((goal) => this.#generator.reaches(role, goal));
    const all = Object.keys(this.#options.schema.getSubscriptionType()?.getFields() ?? {});
    return goals.every((goal) => all.some((root) => this.#generator.reaches(role, goal, root)));
  }
}

const roleOf = ({ role = "OWNER" }: WorldViewer): Role => role;

/** How it is run; null where it is refused before it is. */
export function runningOf(sides: Sides, { asked, viewer, now, message }: RandomAsking, takenFor: Parameters<Sides["admit"]>[0] = asked): Running | null {
  const admission = sides.admit(takenFor, viewer);
  return admission.ok ? { execution: admission.operation.execution, viewer, now, ...(message ? { message } : {}) } : null;
}
