import { describe, expect, test } from "vitest";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import type { WrittenLine } from "#server/fleet/simulator/logs/cluster-logs.ts";
import { spec, template } from "./scripted-gateway.ts";
import { type SimulatedCluster, simulatedCluster } from "./simulated-cluster.ts";

/** Collected from the start, with windows at these instants. */
function written(windows: readonly number[], replicas: number, of: PodTemplate, act: (cluster: SimulatedCluster) => void = () => undefined): WrittenLine[] {
  const lines: WrittenLine[] = [];
  const cluster = simulatedCluster();
  cluster.simulation.logs.begin(0, (line) => lines.push(line));
  cluster.assign("placement-1", spec(of, { replicas }), of);
  for (const at of windows) {
    cluster.simulation.advanceTo(at);
    if (at === windows.at(-1)) act(cluster);
    cluster.simulation.logs.window(at);
  }
  return lines;
}
const every = (ms: number, until: number): number[] => Array.from({ length: until / ms }, (_, index) => (index + 1) * ms);
const bySource = (lines: readonly WrittenLine[]): Map<string, WrittenLine[]> => Map.groupBy(lines, ({ podId, container }) => `${podId} ${container}`);
const web = template("shop/web:1");

describe("what containers write", () => {
  test("nothing while nobody collects", () => {
    const cluster = simulatedCluster();
    cluster.assign("placement-1", spec(web, { replicas: 3 }), web);
    cluster.simulation.advanceTo(60_000);
    cluster.simulation.logs.window(60_000);
    expect(cluster.simulation.logs.madeTo).toBe(0);
  });

  test("follows from seed and time, however the windows are cut, and each source goes forward", () => {
    const some = written(every(1_000, 60_000), 3, web);
    const others = written(every(7_500, 60_000), 3, web);
    const key = ({ podId, at, stream, line }: WrittenLine): string => `${podId} ${at} ${stream} ${line}`;
    expect(some.map(key).toSorted()).toEqual(others.map(key).toSorted());
    for (const lines of bySource(some).values()) {
      const times = lines.map(({ at }) => at);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
    expect(new Set(some.map(({ stream }) => stream))).toEqual(new Set(["SYSTEM", "STDOUT"]));
    expect(some.filter(({ line }) => line.includes("GET "))).not.toHaveLength(0);
  });

  test("a window is bounded, however many pods there are, and however long it is", () => {
    const count = (windows: readonly number[]): number => written(windows, 60, web).filter(({ line }) => line.includes("GET ")).length;
    expect(count(every(5_000, 60_000))).toBeLessThanOrEqual(12 * 12);
    expect(count([10_000, 3_600_000])).toBeLessThanOrEqual(2 * 60);
  });

  test("a crash leaves its trace and the platform's word, and the restart is told", () => {
    const lines = written(every(5_000, 60_000), 1, template("shop/web:crashloop"));
    const texts = lines.map(({ stream, line }) => `${stream} ${line}`);
    expect(texts.filter((text) => /^STDERR (Error|panic): /.test(text)).length).toBeGreaterThan(1);
    expect(texts.some((text) => /^SYSTEM Container \S+ ended with exit code 1, and will be restarted$/.test(text))).toBe(true);
    expect(texts.some((text) => /^SYSTEM Container \S+ was restarted, for the 1st time$/.test(text))).toBe(true);
    expect(texts.some((text) => /^SYSTEM Container \S+ was restarted, for the 2nd time$/.test(text))).toBe(true);
  });

  test("files come where a rule names them; of pods that are replaced the platform says by what", () => {
    const name = web.containers[0]?.name ?? "";
    const filed: PodTemplate = { ...web, logCollection: [{ container: name, path: "/var/log/app.log" }, { container: name, path: null }] };
    const lines = written(every(5_000, 30_000), 2, filed, (cluster) => {
      const next = template("shop/web:2");
      cluster.assign("placement-1", { ...spec(next, { replicas: 2 }), revisionId: "another", revisionNumber: 7 }, next);
      cluster.simulation.advanceTo(60_000);
    });
    expect(lines.filter(({ stream }) => stream === "FILE").some(({ line }) => line.startsWith("level=info method=GET"))).toBe(true);
    expect(lines.some(({ stream, line }) => stream === "SYSTEM" && line.endsWith("is replaced by one of revision 7"))).toBe(true);
  });
});
