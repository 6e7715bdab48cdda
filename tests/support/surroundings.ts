/**
 * Of the surroundings only what a process needs: a setting of the person who runs the tests must not decide them. The run's cache of compiled code (run.ts) is
 * handed on, because loading it all anew is half of what a short command does.
 */
export const surroundings = (): NodeJS.ProcessEnv => {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  return { PATH, HOME, ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }) };
};

/** For what is measured from a first start on: as if nothing had ever been compiled. */
export const NOTHING_COMPILED = { NODE_DISABLE_COMPILE_CACHE: "1" } as const;
