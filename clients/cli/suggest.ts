/** Levenshtein's distance: single-character edits from one text to the other. */
export function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const substituted = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}

const MOST = 3;

/** The known names that a mistyped one may have meant, best first: those that it begins, else those a few letters away. */
export function closest(wanted: string, known: readonly string[]): string[] {
  const lower = wanted.toLowerCase();
  const begun = known.filter((name) => name.toLowerCase().startsWith(lower));
  if (lower !== "" && begun.length > 0) return begun.toSorted().slice(0, MOST);
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return known
    .map((name) => ({ name, far: distance(lower, name.toLowerCase()) }))
    .filter(({ far }) => far <= limit)
    .toSorted((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, MOST)
    .map(({ name }) => name);
}

/** " Did you mean hangzhou-1 or hangzhou-2?", or nothing where no name is close. */
export function didYouMean(wanted: string, known: readonly string[]): string {
  const names = closest(wanted, known);
  if (names.length === 0) return "";
  const last = names.at(-1) as string;
  return ` Did you mean ${names.length === 1 ? last : `${names.slice(0, -1).join(", ")} or ${last}`}?`;
}
