/**
 * How much work a step is, in pods: those to bring about where as many or more are wanted, those to remove where fewer are.
 *
 *   more wanted      the wanted ones: those that stay count as soon as they are seen to be right
 *   as many wanted   the wanted ones: each is replaced, or is looked at
 *   fewer wanted     those that go, reported already or not
 *
 * With this total, what is done of a step whose cluster has confirmed it is `total - max(missing, surplus)`, never below 0, where `missing` is
 * how many wanted pods are not ready on the wanted revision, and `surplus` how many pods there are beyond the wanted ones: true for each of the
 * three, so that whoever follows a step need not know which it is.
 */
export interface Present {
  /** Pods that were wanted until now; 0 where there is no placement yet. */
  readonly desired: number;
  /** Pods that the cluster has reported. */
  readonly created: number;
}

export function stepTotal(wanted: number, { desired, created }: Present): number {
  return wanted < desired || (wanted === 0 && created > 0) ? Math.max(created, desired) - wanted : wanted;
}
