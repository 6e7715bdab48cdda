import type { Pool } from "pg";
import { contentHash } from "#server/domain/canonical.ts";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import { rowsOf } from "./rows.ts";

/** A tenant with applications as the services would have written them, for tests of what comes after. */
export interface World {
  readonly tenantId: string;
  readonly namespaceId: string;
  application(options: { name: string; clusters: readonly { id: string; replicas: number }[]; image?: string }): Promise<WorldApplication>;
}
export interface WorldApplication {
  readonly id: string;
  readonly revisionId: string;
  /** By cluster. */
  readonly placements: ReadonlyMap<string, string>;
}

export const templateOf = (image: string): PodTemplate => ({
  runtime: "RUNC",
  containers: [{ name: "main", image, cpuMillis: 100, memoryMiB: 64, command: [], args: [], stdin: false, tty: false, ports: [], env: [] }],
  labels: [],
  terminationGracePeriodSeconds: 30,
});

export async function createWorld(admin: Pool, tenantName: string): Promise<World> {
  const rows = rowsOf(admin);
  const tenantId = await rows.tenant(tenantName);
  const namespaceId = await rows.namespace(tenantId, "default");
  return {
    tenantId,
    namespaceId,
    application: async ({ name, clusters, image = "shop/frontend:1" }) => {
      const template = templateOf(image);
      const application = await rows.application(tenantId, namespaceId, name);
      await admin.query("update revision set template = $2, template_hash = $3 where id = $1", [application.revisionId, JSON.stringify(template), contentHash(template)]);
      const placements = new Map<string, string>();
      for (const { id, replicas } of clusters) {
        const vpcId = await rows.vpc(tenantId, id, `vpc-${name}`);
        const subnetId = await rows.subnet(tenantId, vpcId, id, "subnet");
        const placement = { subnet_id: subnetId, desired: replicas, created: 0, ready: 0, generation: 1, observed_generation: 0 };
        placements.set(id, await rows.placement({ tenantId, namespaceId, ...application }, id, vpcId, placement));
      }
      return { ...application, placements };
    },
  };
}
