/** Settings that nobody reads: a misspelt one would be ignored in silence otherwise. Their values are never repeated. */
const PREFIX = "SELVEDGE_";

/** The command line's own: somebody may well export them where the server is started too. */
const OF_OTHERS: readonly string[] = ["SELVEDGE_URL", "SELVEDGE_TOKEN"];

/** One sentence about the variables of ours that are no settings, each with what was probably meant; null where there are none. */
export function unknownSettings(env: Readonly<Record<string, string | undefined>>, settings: readonly string[]): string | null {
  const unknown = Object.keys(env).filter((name) => name.startsWith(PREFIX) && !settings.includes(name) && !OF_OTHERS.includes(name));
  if (unknown.length === 0) return null;
  const told = unknown.toSorted().map((name) => {
    const meant = closest(name, settings);
    return meant.length === 0 ? name : `${name} (did you mean ${meant.join(" or ")}?)`;
  });
  return `no such setting${told.length === 1 ? "" : "s"}, ignored: ${told.join(", ")}`;
}

/** The nearest, all of them where several are equally near. Also without the prefix: SELVEDGE_PORT means PORT. */
function closest(name: string, settings: readonly string[]): readonly string[] {
  const bare = name.slice(PREFIX.length);
  const all = settings.map((setting) => ({ setting, far: Math.min(distance(name, setting), distance(bare, setting)) }));
  const nearest = Math.min(...all.map(({ far }) => far));
  if (nearest > Math.max(2, Math.floor(bare.length / 3))) return [];
  return all.filter(({ far }) => far === nearest).map(({ setting }) => setting);
}

/** Levenshtein's: single-character edits from one text to the other. */
function distance(from: string, to: string): number {
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
