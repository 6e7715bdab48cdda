import { configureGlobal } from "fast-check";
import { testSeed } from "./seed.ts";

// Without one, fast-check draws its own and prints it where a property fails.
if (process.env["TEST_SEED"] !== undefined) configureGlobal({ seed: testSeed() });
