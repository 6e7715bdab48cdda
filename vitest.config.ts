import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/support/longest-first.ts";

export default defineConfig({
  // As Node itself resolves: else graphql is loaded twice, and its two GraphQLError classes do not know each other.
  ssr: { resolve: { conditions: ["module-sync", "node"], externalConditions: ["module-sync", "node"] } },
  test: {
    include: ["tests/**/*.test.ts"],
    exclude: ["tests/bench/**", "**/node_modules/**"],
    // Where a run is to be as another one was, properties begin at its seed too.
    setupFiles: process.env["TEST_SEED"] === undefined ? [] : ["tests/support/seed-properties.ts"],
    globalSetup: ["tests/support/postgres.ts", "tests/support/redis.ts"],
    // Postgres and the load share the machine: more workers only wait for each other.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 15_000,
    hookTimeout: 30_000,
    teardownTimeout: 20_000,
    reporters: ["default"],
    // A value of the environment must never decide what a test sees; those that read it pass their own.
    unstubEnvs: true,
  },
});
