import { MikroORM, type MetadataStorage } from "@mikro-orm/postgresql";
import SchemaBuilder from "@pothos/core";
import { beforeAll, describe, expect, test } from "vitest";
import { entities } from "#server/entities/index.ts";
import type { Application as ApplicationRow } from "#server/entities/application.ts";
import type { Cluster as ClusterRow } from "#server/entities/cluster.ts";
import type { Pod as PodRow } from "#server/entities/pod.ts";
import type { Service as ServiceRow } from "#server/entities/service.ts";
import { bind } from "#server/read/bind.ts";
import type { builder as real} from "#schema/builder.ts";
import { type Types } from "#schema/builder.ts";
import { schema } from "#schema/index.ts";
import "#schema/shared/mapping/plugin.ts";
import { sql } from "#schema/shared/mapping/sql.ts";

/** Wrong mappings: those that don't compile (the compiler checks each @ts-expect-error), and how the same is told at start where types were got around. */
let metadata: MetadataStorage;
beforeAll(async () => {
  const orm = await MikroORM.init({ entities: [...entities], dbName: "never-connected" });
  metadata = orm.getMetadata();
});

/** A builder of its own, so that what is wrong here stays here. */
function freshBuilder(): typeof real {
  const fresh: typeof real = new SchemaBuilder<Types>({ plugins: ["mapping"], defaultFieldNullability: false, mapping: { node: (): unknown => fresh.interfaceRef("Node"), pageInfo: (): unknown => "String" } });
  fresh.queryType({ fields: (t) => ({ nothing: t.string({ nullable: true, resolve: () => null }) }) });
  return fresh;
}
type Builder = ReturnType<typeof freshBuilder>;
const faultsOf = (describeTypes: (builder: Builder) => void): string[] => {
  const builder = freshBuilder();
  describeTypes(builder);
  try {
    bind(builder.toSchema(), metadata);
    return [];
  } catch (error) {
    return (error as Error).message.split("\n").slice(1).map((line) => line.trim());
  }
};

test("the product's schema fits the entities", () => {
  const binding = bind(schema, metadata);
  expect(binding.type("Pod")?.entity).toMatchObject({ name: "Pod", from: '"pod"' });
  expect(binding.type("Pod")?.entity.columns.get("createdAt")).toMatchObject({ name: '"created_at"', kind: "time" });
  expect(binding.type("ReplicaCounts")).toBeUndefined();
});

test("bytes can't be read: the hash of a token is no column here", () => {
  expect(bind(schema, metadata).type("ApiToken")?.entity.columns.has("hash")).toBe(false);
});

describe("does not compile, and is refused at start", () => {
  test("properties that the entity has not", () => {
    const faults = faultsOf((builder) => {
      const Cluster = builder.entity<ClusterRow>("Cluster");
      const Pod = builder.entity<PodRow>("Pod");
      Pod.implement({
        fields: (t) => ({
          // @ts-expect-error no such property
          a: t.exposeString("nmae"),
          // @ts-expect-error no such relation
          b: t.one(Cluster, "clusterID"),
          // @ts-expect-error a number is no uuid
          c: t.one(Cluster, "restartCount"),
          // @ts-expect-error the property is the other entity's, and it has no such one
          d: t.page(Cluster, "podId"),
        }),
      });
      Cluster.implement({ fields: (t) => ({ code: t.exposeString("code") }) });
    });
    expect(faults).toEqual([
      "Pod.a: Pod has no property nmae that can be read",
      "Pod.b: Pod has no property clusterID that can be read",
      "Pod.d: Cluster has no property podId that can be read",
    ]);
  });

  test("nullable where the schema says it is not, and the other way round in a part", () => {
    const builder = freshBuilder();
    const Application = builder.entity<ApplicationRow>("Application");
    const Coordinates = builder.objectRef<{ latitude: number }>("Coordinates");
    Coordinates.implement({ fields: (t) => ({ latitude: t.exposeFloat("latitude") }) });
    Application.implement({
      fields: (t) => ({
        // @ts-expect-error may be null
        reason: t.exposeString("statusReason"),
        // @ts-expect-error an application has no latitude
        at: t.part(Coordinates),
        // @ts-expect-error no enum of the schema: a number
        version: t.exposeString("version"),
        // @ts-expect-error the document's shape is another
        strategy: t.doc("updateStrategy", { type: Coordinates }),
      }),
    });
    expect(() => bind(builder.toSchema(), metadata)).not.toThrow();
  });

  test("orders that are not total, or whose keys may be null", () => {
    const faults = faultsOf((builder) => {
      const Pod = builder.entity<PodRow>("Pod");
      Pod.implement({ fields: (t) => ({ name: t.exposeString("name") }) });
      builder.queryFields((t) => ({
        a: t.list(Pod, { order: ["name"] }),
        // @ts-expect-error may be null
        b: t.list(Pod, { order: ["startedAt", "id"] }),
        c: t.list(Pod, { order: ["-createdAt", "-id"] }),
      }));
    });
    expect(faults).toEqual(["Query.a: an order ends in the id", "Query.b: Pod.startedAt may be null, so it can't be an order's key"]);
  });

  test("a row of someone else's making, and a condition over another entity's columns", () => {
    const builder = freshBuilder();
    const Pod = builder.entity<PodRow>("Pod");
    Pod.implement({ fields: (t) => ({ name: t.exposeString("name") }) });
    builder.queryFields((t) => ({
      // @ts-expect-error only the reader loads rows
      made: t.field({ type: Pod, resolve: () => ({ name: "me" }) as PodRow }),
      // @ts-expect-error a pod has no code
      filtered: t.list(Pod, { where: (pod) => sql`${pod.code} = 'x'` }),
    }));
    expect(() => bind(builder.toSchema(), metadata)).not.toThrow();
  });

  test("pages joined by what is not there, may be null, or is no uuid", () => {
    const faults = faultsOf((builder) => {
      const Service = builder.entity<ServiceRow>("Service");
      const Pod = builder.entity<PodRow>("Pod");
      Pod.implement({ fields: (t) => ({ name: t.exposeString("name") }) });
      Service.implement({
        fields: (t) => ({
          fits: t.page(Pod, { applicationId: "applicationId", clusterId: "clusterId" }),
          // @ts-expect-error a pod has no such property
          a: t.page(Pod, { serviceId: "id" }),
          // @ts-expect-error a service has no such property
          b: t.page(Pod, { nodeId: "nodeId" }),
          // @ts-expect-error may be null
          c: t.page(Pod, { name: "clusterIp" }),
          d: t.page(Pod, {}),
        }),
      });
    });
    expect(faults).toEqual([
      "Service.a: Pod has no property serviceId that can be read",
      "Service.b: Service has no property nodeId that can be read",
      "Service.c: Pod.name is no uuid, so it can't be joined by",
      "Service.c: Service.clusterIp is no uuid that is always there, so it can't be joined by",
      "Service.d: a page is joined by something",
    ]);
  });

  test("entities that there are none of, and relations of what has no rows", () => {
    const faults = faultsOf((builder) => {
      const Ghost = builder.entity<{ id: string; name: string }>("Ghost");
      Ghost.implement({ fields: (t) => ({ name: t.exposeString("name") }) });
      const Plain = builder.objectRef<{ ghostId: string }>("Plain");
      Plain.implement({ fields: (t) => ({ ghost: t.one(Ghost, "ghostId") }) });
      builder.queryField("plain", (t) => t.field({ type: Plain, nullable: true, resolve: () => null }));
    });
    expect(faults).toContain("Ghost: there is no entity Ghost");
    expect(faults).toContain("Plain.ghost: only an entity's type can have a one");
  });
});
