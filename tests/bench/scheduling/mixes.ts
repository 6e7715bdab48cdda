/** What is packed: pods in the order in which they come, each mix the same every time. */
import { RandomStream } from "#server/fleet/simulator/random.ts";
import type { Bin, Sized } from "./bounds.ts";

export interface Mix {
  readonly name: string;
  readonly node: Bin;
  readonly pods: readonly Sized[];
}

/** Requests of the Deployments of Google's Online Boutique (microservices-demo, Apache-2.0), as its manifests have them. */
const BOUTIQUE: readonly Sized[] = [
  { cpuMillis: 100, memoryMiB: 64 }, { cpuMillis: 200, memoryMiB: 180 }, { cpuMillis: 100, memoryMiB: 64 }, { cpuMillis: 200, memoryMiB: 64 }, { cpuMillis: 70, memoryMiB: 200 },
  { cpuMillis: 300, memoryMiB: 256 }, { cpuMillis: 100, memoryMiB: 220 }, { cpuMillis: 100, memoryMiB: 64 }, { cpuMillis: 100, memoryMiB: 64 }, { cpuMillis: 100, memoryMiB: 64 },
  { cpuMillis: 100, memoryMiB: 64 }, { cpuMillis: 100, memoryMiB: 64 },
];
const EDGE_NODE: Bin = { cpuMillis: 8_000, memoryMiB: 16_384, pods: 110 };

export function mixesOf(count: number): Mix[] {
  const mix = (name: string, draw: (random: RandomStream) => Sized, node = EDGE_NODE): Mix => {
    const random = RandomStream.named("mix", name);
    return { name, node, pods: Array.from({ length: count }, () => draw(random)) };
  };
  const pick = <T>(random: RandomStream, values: readonly T[]): T => values[random.between(0, values.length - 1)] as T;
  return [
    mix("Online Boutique, shuffled", (random) => pick(random, BOUTIQUE)),
    mix("Online Boutique, nodes of 2 cores", (random) => pick(random, BOUTIQUE), { cpuMillis: 2_000, memoryMiB: 2_048, pods: 30 }),
    mix("any size up to half a node", (random) => ({ cpuMillis: random.between(50, 4_000), memoryMiB: random.between(64, 8_192) })),
    mix("any size up to a whole node", (random) => ({ cpuMillis: random.between(50, 8_000), memoryMiB: random.between(64, 16_384) })),
    mix("much cpu or much memory", (random) => (random.between(0, 1) === 0 ? { cpuMillis: random.between(1_000, 3_000), memoryMiB: random.between(128, 1_024) } : { cpuMillis: random.between(50, 400), memoryMiB: random.between(2_048, 6_144) })),
    mix("many small, few large", (random) => (random.between(1, 10) === 1 ? { cpuMillis: 4_000, memoryMiB: 8_192 } : { cpuMillis: pick(random, [100, 250, 500]), memoryMiB: pick(random, [128, 256, 512, 1_024]) })),
  ];
}
