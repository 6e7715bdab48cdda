import { type Way, WAYS } from "#server/read/answer.ts";

/** The ways that the tests of what all of them share run through. */
export const WAYS_UNDER_TEST: readonly Way[] = WAYS;
