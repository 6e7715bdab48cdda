import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PlantedFault } from "#tests/support/planted-graph.ts";
import { furnishWorld, MOST_MS, runHistory } from "#tests/support/timed-history.ts";
import { openWorld, type World } from "#tests/support/timed-world.ts";
import { testSeed } from "#tests/support/seed.ts";

/** Longer by hand, and with all faults: SELVEDGE_TEST_SECONDS=600 SELVEDGE_MUTANTS=all npm test -- tests/integration/realtime/answers-in-time.test.ts */
const FOR_MS = Number(process.env["SELVEDGE_TEST_SECONDS"] ?? 8) * 1000;
const seed = testSeed();

const REMEMBERING = "server/read/compiled/remembering.ts";
const TOUCHED = "server/read/touched.ts";
const LOOKS = "server/realtime/looks.ts";
const KEY = "`${tenantId} ${role} ${namespaceIds?.join() ?? \"*\"} ${plan.number} ${values} `";
const ALL_FAULTS: readonly PlantedFault[] = [
  { name: "who answers a mutation did not say so", edits: [{ file: "server/roles/api.ts", text: "onCommitted: (tenantId) => changes.noteOwn(tenantId),", by: "onCommitted: () => undefined," }] },
  { name: "what is everybody's were not noted", edits: [{ file: LOOKS, text: "const shown = tenantId === null ?", by: "if (tenantId === null) return;\n    const shown = tenantId === null ?" }] },
  { name: "what says no owner were nobody's", edits: [{ file: LOOKS, text: "if (ownerIds === null) ofKind.anybodys = number;", by: "if (ownerIds === null) {}" }] },
  { name: "the key did not say the tenant", edits: [{ file: REMEMBERING, text: KEY, by: KEY.replace("${tenantId} ", "") }] },
  { name: "the key did not say the role", edits: [{ file: REMEMBERING, text: KEY, by: KEY.replace("${role} ", "") }] },
  { name: "the key did not say the namespaces", edits: [{ file: REMEMBERING, text: KEY, by: KEY.replace('${namespaceIds?.join() ?? "*"} ', "") }] },
  // However fast the machine is, something changes meanwhile.
  { name: "text were numbered after it was read", edits: [
    { file: "server/read/compiled/reads.ts", text: "      ([rows]) => {\n        try {", by: "      async ([rows]) => {\n        await new Promise((resolve) => setTimeout(resolve, 150));\n        try {" },
    { file: REMEMBERING, text: "store.set(key, value, this.#since, dependencies)", by: "store.set(key, value, this.#memory.changes.current(this.#tenantId) ?? this.#since, dependencies)" },
  ] },
  { name: "a list depended on nothing", edits: [{ file: REMEMBERING, text: "cursor ?? []) }, list.dependencies(\"\"));", by: "cursor ?? []) }, []);" }] },
  { name: "what no timeline tells were remembered", edits: [{ file: TOUCHED, text: "if (this.#binding.told(entity.name)?.untold?.includes(property)) this.#told = false;", by: "void [entity, property];" }] },
];
/** A third of them in a run, another one by the seed. */
const FAULTS = ALL_FAULTS.filter((_fault, index) => process.env["SELVEDGE_MUTANTS"] === "all" || index % 3 === seed % 3);

describe("an answer over HTTP", () => {
  let world: World;
  let instances = 0;
  const number = (): number => (instances += 1);
  beforeAll(async () => {
    console.info(`the seed of these histories is TEST_SEED=${seed}`);
    world = await openWorld(["alpha", "beta"], ["one", "two"]);
    await furnishWorld(world, 8, number());
  }, 120_000);
  afterAll(() => world.close());

  it("is never older than its bound, whoever asks and wherever it was changed", async () => {
    const { violations, failures, answers, remembered, writes, messages } = await runHistory(world, number, { seed, forMs: FOR_MS });
    console.info(`${answers} answers, ${remembered} of them from memory, ${writes} writes, ${messages} messages`);
    expect(violations).toEqual([]);
    expect(failures).toEqual([]);
    expect(remembered).toBeGreaterThan(answers / 20);
    expect(Math.min(writes, messages)).toBeGreaterThan(0);
  }, FOR_MS + 2 * MOST_MS);

  it.each(FAULTS)("would be found wrong if $name", async (fault) => {
    const { violations } = await runHistory(world, number, { seed, forMs: 0, fault });
    expect(violations).not.toEqual([]);
  }, 2 * MOST_MS);
});
