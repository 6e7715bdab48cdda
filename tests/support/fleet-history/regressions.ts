/** Histories that broke a promise once, made short. */
import type { Story } from "./story.ts";

export interface Regression {
  readonly name: string;
  readonly story: Story;
  /** In small batches. */
  readonly isSmall: boolean;
}

/** A database goes back to before a change, and changes again before it hears of the agent, which has carried the first change out under the same generation. */
export const SAME_GENERATION: Story = {
  seed: 2, sites: [1],
  actions: [
    { at: 1_000, kind: "create", app: 0, template: 0, replicas: 2, clusters: 7 },
    { at: 8_000, kind: "scale", app: 0, replicas: 4 },
    { at: 14_900, kind: "cut", site: 0, way: "reset", forMs: 3_000 },
    { at: 15_000, kind: "restore centre", ageMs: 8_000, termRises: false, forMs: 200 },
    { at: 15_500, kind: "scale", app: 0, replicas: 1 },
  ],
};

/** What waited in a connection that was stuck comes once its agent has long given it up, pings among it. */
const LATE_PINGS: Story = {
  seed: 55, sites: [1],
  actions: [
    { at: 1_000, kind: "create", app: 0, template: 2, replicas: 3, clusters: 7 },
    { at: 2_000, kind: "cut", site: 0, way: "both", forMs: 35_000 },
  ],
};

/** Pods that are made while a new store's whole state is being told are told after it, their placement's counts before. */
const COUNTS_BEFORE_PODS: Story = {
  seed: 5_255, sites: [1],
  actions: [
    { at: 1_000, kind: "create", app: 0, template: 0, replicas: 5, clusters: 7 },
    { at: 9_000, kind: "lose store", site: 0, forMs: 500 },
    { at: 10_000, kind: "create", app: 2, template: 3, replicas: 5, clusters: 7 },
  ],
};

/** Each report is answered before it has waited for long, but what happens waits for several of them: there is more to say than they have room for. */
export const NEWS_THAT_WAIT: Story = {
  seed: 25_095, sites: [1, 1],
  actions: [
    { at: 1_022, kind: "create", app: 2, template: 2, replicas: 2, clusters: 6 },
    { at: 1_470, kind: "create", app: 0, template: 0, replicas: 3, clusters: 7 },
    { at: 2_121, kind: "slow", site: 1, delayMs: 4_000, forMs: 35_000 },
    { at: 3_270, kind: "create", app: 1, template: 0, replicas: 2, clusters: 3 },
  ],
};

export const REGRESSIONS: readonly Regression[] = [
  { name: "a generation given twice", story: SAME_GENERATION, isSmall: false },
  { name: "pings that come late", story: LATE_PINGS, isSmall: false },
  { name: "counts that come before their pods", story: COUNTS_BEFORE_PODS, isSmall: true },
  { name: "news that wait for reports, of which none waits long", story: NEWS_THAT_WAIT, isSmall: true },
];
