import path from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Roughly, of those that take long on a quiet machine: it is the order that counts. */
const SECONDS: Readonly<Record<string, number>> = {
  "tests/scenarios/command-line.test.ts": 90,
  "tests/scenarios/runtime.test.ts": 85,
  "tests/scenarios/acknowledged.test.ts": 80,
  "tests/scenarios/main-job.test.ts": 75,
  "tests/integration/database/external.test.ts": 50,
  "tests/scenarios/record-streams.test.ts": 60,
  "tests/scenarios/streams.test.ts": 45,
  "tests/scenarios/faults.test.ts": 44,
  "tests/scenarios/processes.test.ts": 43,
  "tests/integration/read/connections.test.ts": 42,
  "tests/integration/realtime/answers-in-time.test.ts": 40,
  "tests/integration/realtime/tellings.test.ts": 35,
  "tests/scenarios/readme.test.ts": 34,
  "tests/scenarios/life.test.ts": 30,
  "tests/scenarios/rollouts.test.ts": 30,
  "tests/scenarios/configuration.test.ts": 28,
  "tests/scenarios/key-rotation.test.ts": 25,
  "tests/scenarios/operations.test.ts": 25,
  "tests/property/read/compiler-mutants.test.ts": 24,
  "tests/property/fleet/histories.test.ts": 24,
  "tests/property/fleet/scheduling.test.ts": 22,
  "tests/property/read/three-ways.test.ts": 21,
  "tests/integration/read/random-queries.test.ts": 20,
  "tests/integration/schema/every-mutation.test.ts": 20,
  "tests/scenarios/imports.test.ts": 18,
  "tests/unit/fleet/scale.test.ts": 18,
  "tests/unit/fleet/kill.test.ts": 18,
  "tests/property/fleet/store.test.ts": 17,
  "tests/property/read/planted-mutants.test.ts": 16,
  "tests/unit/fleet/churn.test.ts": 12,
};

/** The longest files first, so that the workers end at the same time: a long one that begins last is waited for by itself. What isn't listed goes by the size of its file. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const seconds = ({ moduleId }: TestSpecification): number => SECONDS[path.relative(this.ctx.config.root, moduleId)] ?? 0;
    return (await super.sort(files)).toSorted((a, b) => seconds(b) - seconds(a));
  }
}
