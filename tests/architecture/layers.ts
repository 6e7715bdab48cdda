import path from "node:path";
import type { Import } from "./scan.ts";

/**
 * Who may import whom, read from the table in ARCHITECTURE.md: that table is the rule, and this is what its words mean.
 *
 *   domain, config, …        the folder server/domain, …; with a slash as it stands (schema/shared/mapping; fleet/link is one file)
 *   x (by type)              only `import type`
 *   realtime (append only)   the timeline's append by value, the rest by type
 *   everything of the server server/ and what it is built from
 *   the printed schema only  nothing but its own folder
 */
export interface Layer {
  /** Paths from the root: folders, or single files. */
  readonly places: readonly string[];
  readonly allowed: readonly Allowance[];
}

interface Allowance {
  readonly place: string;
  readonly typeOnly: boolean;
}

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly imports: string;
  readonly reason: string;
}

const HEADING = "| folder | what it is | may import |";
const APPEND = "server/realtime/timeline.ts";
/** Everything of ours: what is not below one of these is a package. */
export const ROOTS = ["server", "schema", "clients", "migrations", "tests"] as const;

export function readLayers(markdown: string): Layer[] {
  const lines = markdown.split("\n");
  const start = lines.indexOf(HEADING);
  if (start === -1) throw new Error(`ARCHITECTURE.md has no table "${HEADING}"`);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  return lines.slice(start + 2, end === -1 ? lines.length : end).map((line) => {
    const [, folder, , may] = line.split("|").map((cell) => cell.trim());
    if (!folder || !may) throw new Error(`not a row of the table: ${line}`);
    return { places: folder.split(",").map((place) => place.trim()), allowed: may.split(/[,;]/).flatMap((words) => allowance(words.trim())) };
  });
}

function allowance(words: string): Allowance[] {
  if (words === "nothing of ours" || words === "the printed schema only") return [];
  if (words === "everything of the server") return ["server", "schema", "migrations"].map((place) => ({ place, typeOnly: false }));
  if (words === "everything else by type") return ROOTS.map((place) => ({ place, typeOnly: true }));
  const match = /^([\w/]+)(?: \((by type|append only)\))?$/.exec(words);
  if (!match) throw new Error(`the table in ARCHITECTURE.md says "${words}", which tests/architecture does not understand`);
  const place = placeOf(match[1] as string);
  if (match[2] === "append only") return [{ place, typeOnly: true }, { place: APPEND, typeOnly: false }];
  return [{ place, typeOnly: match[2] === "by type" }];
}

function placeOf(name: string): string {
  if (name === "fleet/link") return "server/fleet/link.ts";
  return (ROOTS as readonly string[]).includes(name.split("/")[0] as string) ? name : `server/${name}`;
}

const within = (file: string, place: string): boolean => file === place || file.startsWith(`${place}/`);

/** The row that a file belongs to: the one that names it most closely. */
export function layerOf(file: string, layers: readonly Layer[]): Layer | undefined {
  const fits = layers.flatMap((layer) => layer.places.filter((place) => within(file, place)).map((place) => ({ layer, length: place.length })));
  return fits.toSorted((a, b) => b.length - a.length)[0]?.layer;
}

/** The file that a specifier means, as a path from the root; null for a package. */
export function resolve(file: string, specifier: string): string | null {
  if (specifier.startsWith(".")) return path.posix.join(path.posix.dirname(file), specifier);
  return specifier.startsWith("#") ? specifier.slice(1) : null;
}

export function violations(file: string, imports: readonly Import[], layers: readonly Layer[]): Violation[] {
  const layer = layerOf(file, layers);
  if (!layer) return [{ file, line: 0, imports: "", reason: "its folder has no row in ARCHITECTURE.md" }];
  return imports.flatMap(({ specifier, typeOnly, line }): Violation[] => {
    const target = resolve(file, specifier);
    if (target === null || !ROOTS.some((root) => within(target, root)) || layerOf(target, layers) === layer) return [];
    const allowances = layer.allowed.filter(({ place }) => within(target, place));
    if (allowances.some((allowed) => typeOnly || !allowed.typeOnly)) return [];
    const reason = allowances.length > 0 ? "only by type" : `${layer.places[0]} may not import it`;
    return [{ file, line, imports: target, reason }];
  });
}
