/** How many pods a rolling update may take away or add: each a count or a share of the desired ones, never both nothing. */
import { type DomainError, invalid } from "./errors.ts";
import type { IntOrPercent, UpdateStrategy } from "./states.ts";

export interface IntOrPercentInput {
  readonly count?: number | null | undefined;
  readonly percent?: number | null | undefined;
}
export interface UpdateStrategyInput {
  readonly maxUnavailable?: IntOrPercentInput | null | undefined;
  readonly maxSurge?: IntOrPercentInput | null | undefined;
}

const MAX_COUNT = 1_000;

/** What is left out stays as it is in `base`. */
export function mergeUpdateStrategy(base: UpdateStrategy, input: UpdateStrategyInput | null | undefined): UpdateStrategy {
  return { maxUnavailable: amount(input?.maxUnavailable) ?? base.maxUnavailable, maxSurge: amount(input?.maxSurge) ?? base.maxSurge };
}

function amount(input: IntOrPercentInput | null | undefined): IntOrPercent | null {
  if (typeof input?.count === "number") return { count: input.count };
  if (typeof input?.percent === "number") return { percent: input.percent };
  return null;
}

export function checkUpdateStrategy(path: readonly string[], strategy: UpdateStrategy): DomainError[] {
  const errors: DomainError[] = [];
  for (const part of ["maxUnavailable", "maxSurge"] as const) {
    const { count, percent } = strategy[part];
    if (typeof count === "number" && !(Number.isInteger(count) && count >= 0 && count <= MAX_COUNT)) {
      errors.push(invalid([...path, part, "count"], `${part} ${count} is out of range; 0 to ${MAX_COUNT} are allowed.`));
    }
    if (typeof percent === "number" && !(Number.isInteger(percent) && percent >= 0 && percent <= 100)) {
      errors.push(invalid([...path, part, "percent"], `${part} ${percent} % is out of range; 0 to 100 are allowed.`));
    }
  }
  if (errors.length === 0 && isZero(strategy.maxUnavailable) && isZero(strategy.maxSurge)) {
    errors.push(invalid(path, "maxUnavailable and maxSurge are both 0, so that no pod could ever be replaced."));
  }
  return errors;
}

const isZero = (value: IntOrPercent): boolean => (value.count ?? value.percent) === 0;
