/** What users of a history have asked for, and the assignments that follow from it: plain data, so that a backup of the centre is a copy of it. */
import { contentHash } from "#server/domain/canonical.ts";
import type { ConfigEntry } from "#server/domain/configuration.ts";
import type { PodTemplate } from "#server/domain/pod-template.ts";
import { DEFAULT_UPDATE_STRATEGY } from "#server/domain/states.ts";
import type { PlacementSpec, ServiceSpec } from "#server/fleet/link.ts";
import type { UserAction } from "./story.ts";

export const uuidOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
export const TENANT = uuidOf(1);
export const VPC = uuidOf(2);
export const SUBNET = uuidOf(3);
export const NAMESPACE = uuidOf(4);
export const CONFIG_MAP = uuidOf(5);

export interface WantedApp {
  readonly id: string;
  readonly name: string;
  revisionId: string;
  revisionNumber: number;
  template: number;
  replicas: number;
  restarts: number;
  readonly revisions: { readonly id: string; readonly number: number; readonly template: number }[];
  /** By cluster. */
  readonly placements: Map<string, string>;
  readonly services: Map<string, { readonly id: string; address: number; port: number }>;
}

export interface Wanted {
  readonly apps: (WantedApp | null)[];
  /** The name of what the ConfigMap holds: another one with every change. */
  content: string;
}

/** An object that is to be another from now on; null: nothing. */
export type ObjectChange = { readonly clusterId: string; readonly objectId: string; readonly app: WantedApp } & (
  | { readonly kind: "placement"; readonly spec: PlacementSpec | null }
  | { readonly kind: "service"; readonly spec: ServiceSpec | null }
);

export const nothingWanted = (): Wanted => ({ apps: [null, null, null], content: "content-1" });
export const entriesOf = (content: string): readonly ConfigEntry[] => [{ key: "mode", value: content }];

/** Never given twice, whatever is restored. */
export class Numbers {
  #last = 1_000;

  next(): number {
    return ++this.#last;
  }
}

const container = (image: string): PodTemplate["containers"][number] => ({ name: "main", image, cpuMillis: 100, memoryMiB: 128, command: [], args: [], stdin: false, tty: false, ports: [], env: [] });
const plain = (image: string): PodTemplate => ({ runtime: "RUNC", labels: [], terminationGracePeriodSeconds: 5, containers: [container(image)] });

export const TEMPLATES: readonly PodTemplate[] = [
  plain("shop/web:1"),
  plain("shop/web:2"),
  {
    ...plain("shop/web:3"),
    containers: [{ ...container("shop/web:3"), readinessProbe: { handler: { type: "TcpSocketProbe", port: 80 }, initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 2 } }],
  },
  {
    ...plain("shop/web:4"),
    volumes: [{ name: "settings", source: { type: "ConfigMapVolume", configMapId: CONFIG_MAP, name: "settings" } }],
    containers: [{ ...container("shop/web:4"), env: [{ name: "MODE", configMapKey: { configMapId: CONFIG_MAP, name: "settings", key: "mode" } }], volumeMounts: [{ volume: "settings", mountPath: "/etc/settings", readOnly: true }] }],
  },
];
const WITH_CONFIG = 3;
const HASHES = TEMPLATES.map((template) => contentHash(template));
export const templateOf = (hash: string): PodTemplate | undefined => TEMPLATES[HASHES.indexOf(hash)];
export const hashOf = (template: number): string => HASHES[template] ?? "";

/** Changes what is wanted as users ask; what thereby is to be assigned. Asking for what can't be, changes nothing. */
export function act(wanted: Wanted, action: UserAction, clusterIds: readonly string[], numbers: Numbers): ObjectChange[] {
  const app = wanted.apps[action.app] ?? null;
  if (action.kind === "create") {
    const chosen = clusterIds.filter((_, index) => (action.clusters >> index) % 2 === 1);
    if (app !== null || chosen.length === 0) return [];
    const made: WantedApp = {
      id: uuidOf(numbers.next()), name: `app-${numbers.next()}`, revisionId: "", revisionNumber: 0, template: action.template, replicas: action.replicas, restarts: 0, revisions: [],
      placements: new Map(chosen.map((id) => [id, uuidOf(numbers.next())])), services: new Map(),
    };
    wanted.apps[action.app] = made;
    revise(made, action.template, numbers);
    return placed(made, wanted);
  }
  if (action.kind === "configure") {
    wanted.content = `content-${numbers.next()}`;
    return wanted.apps.flatMap((each) => (each?.template === WITH_CONFIG ? placed(each, wanted) : []));
  }
  if (app === null) return [];
  switch (action.kind) {
    case "scale":
      app.replicas = action.replicas;
      return placed(app, wanted);
    case "upgrade":
      revise(app, action.template, numbers);
      return placed(app, wanted);
    case "restart":
      app.restarts += 1;
      return placed(app, wanted);
    case "delete": {
      wanted.apps[action.app] = null;
      return [...removedServices(app), ...[...app.placements].map(([clusterId, objectId]): ObjectChange => ({ clusterId, objectId, app, kind: "placement", spec: null }))];
    }
    case "serve": {
      for (const clusterId of app.placements.keys()) {
        const service = app.services.get(clusterId);
        if (service) service.port += 1;
        else app.services.set(clusterId, { id: uuidOf(numbers.next()), address: 1 + action.address + 2 * action.app, port: 80 });
      }
      return [...app.services].map(([clusterId, service]): ObjectChange => ({ clusterId, objectId: service.id, app, kind: "service", spec: serviceSpec(app, service) }));
    }
    case "unserve": {
      const changes = removedServices(app);
      app.services.clear();
      return changes;
    }
  }
}

const removedServices = (app: WantedApp): ObjectChange[] => [...app.services].map(([clusterId, { id }]): ObjectChange => ({ clusterId, objectId: id, app, kind: "service", spec: null }));
const placed = (app: WantedApp, { content }: Wanted): ObjectChange[] =>
  [...app.placements].map(([clusterId, objectId]): ObjectChange => ({ clusterId, objectId, app, kind: "placement", spec: placementSpec(app, content) }));

function revise(app: WantedApp, template: number, numbers: Numbers): void {
  app.revisionId = uuidOf(numbers.next());
  app.revisionNumber += 1;
  app.template = template;
  app.revisions.push({ id: app.revisionId, number: app.revisionNumber, template });
}

const placementSpec = (app: WantedApp, content: string): PlacementSpec => ({
  tenantId: TENANT, applicationId: app.id, applicationName: app.name, namespace: "default", replicas: app.replicas, revisionId: app.revisionId, revisionNumber: app.revisionNumber,
  templateHash: hashOf(app.template), updateStrategy: DEFAULT_UPDATE_STRATEGY, capacityType: "ON_DEMAND", networkType: "VPC",
  subnet: { id: SUBNET, vpcId: VPC, cidr: "10.0.0.0/20", gateway: "10.0.0.1" },
  ...(app.restarts > 0 ? { restarts: app.restarts } : {}),
  ...(app.template === WITH_CONFIG ? { configs: [{ id: CONFIG_MAP, kind: "ConfigMap" as const, name: "settings", content }] } : {}),
});

const serviceSpec = (app: WantedApp, { address, port }: { readonly address: number; readonly port: number }): ServiceSpec => ({
  tenantId: TENANT, applicationId: app.id, namespace: "default", name: app.name, vpcId: VPC, clusterIp: `100.96.0.${address}`, ports: [{ name: "http", protocol: "TCP", port, containerPort: 8080 }],
});
