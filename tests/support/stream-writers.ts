import { randomUUID } from "node:crypto";
import {
  accepted, CreateApplicationDocument, CreateConfigMapDocument, CreateServicesDocument, DeleteApplicationDocument, DeleteConfigMapDocument, DeleteServicesDocument, RefusedError,
  RestartApplicationDocument, ScaleApplicationDocument, type SelvedgeClient, StartApplicationDocument, StopApplicationDocument, UpdateApplicationDocument, UpdateConfigMapDocument, UpdateServiceDocument,
  UpgradeApplicationDocument, withIdempotencyKey,
} from "#clients/typescript/index.ts";

/** What writers do while readers follow: the whole life of applications, their services and their configuration, at random. */
export interface Written {
  /** The version that an object had when its change was acknowledged. */
  readonly acknowledged: Map<string, number>;
  readonly alive: Application[];
  readonly services: { readonly id: string; readonly applicationId: string }[];
  /** Those that applications refer to stay; others come and go. */
  readonly configMaps: { readonly kept: string[]; readonly fleeting: string[] };
  readonly operations: { readonly id: string }[];
}
interface Application {
  readonly id: string;
  readonly name: string;
  readonly cluster: string;
}

export interface Writers {
  readonly written: Written;
  /** An application with a service over its pods. */
  create(): Promise<Application>;
  createService(application: Application): Promise<void>;
  createConfigMap(into: "kept" | "fleeting"): Promise<void>;
  upgrade(application: Application): Promise<void>;
  /** Something or other. Two writers may meet: what one has removed, or is amid of, is no fault of the other. */
  write(): Promise<void>;
}

export interface WriterOptions {
  readonly client: SelvedgeClient;
  readonly clusterIds: readonly string[];
  readonly random: () => number;
  readonly liveApplications: number;
}

export function templateWith(configMapId: string | null, label = "first") {
  const mounts = configMapId === null ? {} : { volumeMounts: [{ volume: "settings", mountPath: "/etc/settings" }] };
  return {
    containers: [{ name: "web", image: "docker.io/library/nginx:1.29-alpine", cpuMillis: 20, memoryMiB: 16, ports: [{ name: "http", containerPort: 80 }], ...mounts }],
    labels: [{ key: "release", value: label }],
    ...(configMapId === null ? {} : { volumes: [{ name: "settings", source: { configMapId } }] }),
  };
}

export function createWriters({ client, clusterIds, random, liveApplications }: WriterOptions): Writers {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
  const takeOne = <T>(items: T[]): T | undefined => items.splice(below(items.length), 1)[0];
  const word = (): string => randomUUID().slice(0, 8);
  const written: Written = { acknowledged: new Map(), alive: [], services: [], configMaps: { kept: [], fleeting: [] }, operations: [] };
  const { acknowledged, alive, services, configMaps, operations } = written;

  const note = (object: { readonly id: string; readonly version: number } | null | undefined, operation: { readonly id: string } | null): void => {
    if (object) acknowledged.set(object.id, Math.max(object.version, acknowledged.get(object.id) ?? 0));
    if (operation !== null) operations.push(operation);
  };
  const ports = () => [{ name: "http", port: 1 + below(60_000), containerPort: 80 }];
  const data = () => [{ key: "level", value: word() }];

  const create = async (): Promise<Application> => {
    const [cluster, name] = [pick(clusterIds), `app-${word()}`];
    const input = { name, namespace: "default", template: templateWith(null), distribution: { clusters: [{ clusterId: cluster, replicas: 1 + below(4) }] } };
    const { application, operation } = accepted((await client.execute(CreateApplicationDocument, { input: withIdempotencyKey(input) })).createApplication);
    note(application, operation);
    if (application === null) throw new Error("an accepted creation shows no application");
    const made = { id: application.id, name, cluster };
    alive.push(made);
    return made;
  };
  const createService = async ({ id: applicationId }: Application): Promise<void> => {
    const made = accepted((await client.execute(CreateServicesDocument, { input: withIdempotencyKey({ applicationId, name: `svc-${word()}`, ports: ports() }) })).createServices);
    note(null, made.operation);
    for (const service of made.services ?? []) {
      note(service, null);
      services.push({ id: service.id, applicationId });
    }
  };
  const createConfigMap = async (into: "kept" | "fleeting"): Promise<void> => {
    const { configMap, operation } = accepted((await client.execute(CreateConfigMapDocument, { input: withIdempotencyKey({ namespace: "default", name: `config-${word()}`, data: data() }) })).createConfigMap);
    note(configMap, operation);
    if (configMap) configMaps[into].push(configMap.id);
  };
  const upgrade = async ({ id: applicationId }: Application): Promise<void> => {
    const configMapId = random() < 0.7 && configMaps.kept.length > 0 ? pick(configMaps.kept) : null;
    const { application, operation } = accepted((await client.execute(UpgradeApplicationDocument, { input: withIdempotencyKey({ applicationId, template: templateWith(configMapId, word()) }) })).upgradeApplication);
    note(application, operation);
  };

  const ACTIONS: readonly (readonly [weight: number, act: (application: Application) => Promise<void>])[] = [
    [4, async ({ id: applicationId, cluster: clusterId }) => {
      const { application, operation } = accepted((await client.execute(ScaleApplicationDocument, { input: withIdempotencyKey({ applicationId, clusterId, replicas: below(6) }) })).scaleApplication);
      note(application, operation);
    }],
    [2, async ({ id: applicationId }) => note(accepted((await client.execute(UpdateApplicationDocument, { input: withIdempotencyKey({ applicationId, description: `changed ${word()}` }) })).updateApplication).application, null)],
    [4, upgrade],
    [1, async ({ id: applicationId }) => {
      const { application, operation } = accepted((await client.execute(StopApplicationDocument, { input: withIdempotencyKey({ applicationId }) })).stopApplication);
      note(application, operation);
    }],
    [2, async ({ id: applicationId }) => {
      const { application, operation } = accepted((await client.execute(StartApplicationDocument, { input: withIdempotencyKey({ applicationId }) })).startApplication);
      note(application, operation);
    }],
    [1, async ({ id: applicationId }) => {
      const { application, operation } = accepted((await client.execute(RestartApplicationDocument, { input: withIdempotencyKey({ applicationId }) })).restartApplication);
      note(application, operation);
    }],
    [2, async (application) => {
      alive.splice(alive.indexOf(application), 1);
      const { operation } = accepted((await client.execute(DeleteApplicationDocument, { input: withIdempotencyKey({ applicationId: application.id, confirmName: application.name }) })).deleteApplication);
      acknowledged.delete(application.id);
      note(null, operation);
    }],
    [1, createService],
    [2, async () => {
      if (services.length === 0) return;
      const { services: changed, operation } = accepted((await client.execute(UpdateServiceDocument, { input: withIdempotencyKey({ serviceId: pick(services).id, ports: ports() }) })).updateService);
      note(null, operation);
      for (const service of changed ?? []) note(service, null);
    }],
    [1, async () => {
      const service = takeOne(services);
      if (service === undefined) return;
      const { deleteServices } = await client.execute(DeleteServicesDocument, { input: withIdempotencyKey({ ids: [service.id] }) });
      acknowledged.delete(service.id);
      for (const { operation } of deleteServices.results) note(null, operation);
    }],
    [2, async () => {
      const { configMap, operation } = accepted((await client.execute(UpdateConfigMapDocument, { input: withIdempotencyKey({ configMapId: pick([...configMaps.kept, ...configMaps.fleeting]), data: data() }) })).updateConfigMap);
      note(configMap, operation);
    }],
    [1, () => createConfigMap("fleeting")],
    [1, async () => {
      const id = takeOne(configMaps.fleeting);
      if (id === undefined) return;
      accepted((await client.execute(DeleteConfigMapDocument, { input: withIdempotencyKey({ id }) })).deleteConfigMap);
      acknowledged.delete(id);
    }],
  ];
  const total = ACTIONS.reduce((sum, [weight]) => sum + weight, 0);

  return {
    written, create, createService, createConfigMap, upgrade,
    async write() {
      if (alive.length < 3 || (alive.length < liveApplications && random() < 0.15)) return void (await create());
      let dice = below(total);
      const [, act] = ACTIONS.find(([weight]) => (dice -= weight) < 0) as (typeof ACTIONS)[number];
      try {
        await act(pick(alive));
      } catch (error) {
        if (!(error instanceof RefusedError) || !["NotFoundError", "InvalidStateError"].some((type) => error.find(type as "NotFoundError") !== null)) throw error;
      }
    },
  };
}
