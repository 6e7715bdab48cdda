import { readdir, readFile } from "node:fs/promises";

/** Of the clock that /proc counts in: fixed at 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * The CPU that a process and its children have taken since it began, in milliseconds; children that are gone are in it, since their parent has inherited
 * their times. null where there is no /proc.
 */
export async function cpuOfFamily(parent: number): Promise<number | null> {
  const names = await readdir("/proc").catch(() => []);
  const stats = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => readFile(`/proc/${name}/stat`, "latin1").catch(() => null)));
  let [ticks, found] = [0, false];
  for (const stat of stats) {
    if (stat === null) continue;
    const { pid, ppid, own, inherited } = timesOf(stat);
    if (pid === parent) {
      ticks += own + inherited;
      found = true;
    } else if (ppid === parent) ticks += own;
  }
  return found ? (ticks * 1000) / TICKS_PER_SECOND : null;
}

/** proc_pid_stat(5). The second field is a name in parentheses that may hold spaces and parentheses itself. */
function timesOf(stat: string): { pid: number; ppid: number; own: number; inherited: number } {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  const field = (number: number): number => fields[number - 3] as number;
  return { pid: Number.parseInt(stat, 10), ppid: field(4), own: field(14) + field(15), inherited: field(16) + field(17) };
}
