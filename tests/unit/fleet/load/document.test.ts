/** The example of docs/fleet/load.md is what the model says. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Metrics } from "#server/fleet/simulator/load/total.ts";
import { spec, template, uuid } from "../scripted-gateway.ts";
import { node, simulatedCluster } from "../simulated-cluster.ts";

const fixed = (value: number | null | undefined, digits: number): string => (value ?? NaN).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });

it("tells the numbers of its example as the model does", () => {
  const [, table = ""] = readFileSync(new URL("../../../../docs/fleet/load.md", import.meta.url), "utf8").split("| ready pods |");
  const rows = table.split("\n").filter((line) => /^\| \d/.test(line));
  const web = template("shop/web:1", { cpuMillis: 500, memoryMiB: 512 });
  const said = [1, 2, 3, 4, 8].map((replicas) => {
    const { simulation, assign } = simulatedCluster({ nodes: [node(0, { cpuMillis: 8_000, memoryMiB: 16_000 })] });
    assign(uuid(100), spec(web, { replicas, traffic: { profile: { constantRps: 120 }, totalReplicas: replicas } }), web);
    simulation.advanceTo(60_000);
    const metrics = simulation.load.ofPlacement(uuid(100), { from: 45_000, to: 60_000 }) as Metrics;
    expect(metrics.READY_REPLICAS).toBe(replicas);
    const cells = [
      replicas, fixed(120 / replicas, 0), `${fixed(metrics.CPU_USAGE_PERCENT, 1)} %`, `${fixed(metrics.ERROR_PERCENT, 1)} %`,
      `${fixed(metrics.LATENCY_P99_MS, 0)} ms`, `${fixed(metrics.NETWORK_TRANSMIT_KBPS, 0)} kbit/s`,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  expect(rows).toEqual(said);
});
