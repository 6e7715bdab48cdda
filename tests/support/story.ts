import { randomUUID } from "node:crypto";
import type { SelvedgeClient } from "#clients/typescript/index.ts";

/** What scenarios of an application's life ask of the API, in their own words: the answers hold just what the scenarios look at. */
export interface Api {
  create(name: string, options: CreateOptions): Promise<Started>;
  upgrade(applicationId: string, options: UpgradeOptions): Promise<Started>;
  rollBack(applicationId: string, toRevision?: number): Promise<Started>;
  act(mutation: "stopApplication" | "startApplication" | "restartApplication", applicationId: string): Promise<Started>;
  cancel(operationId: string): Promise<void>;
  application(id: string): Promise<ApplicationState>;
  operation(id: string): Promise<OperationStateOf>;
  podsOf(applicationId: string): Promise<PodState[]>;
  pods(applicationId: string, signal: AbortSignal): AsyncIterable<PodsChange>;
  /** The operation once it has ended; throws when it ended as anything else. */
  ended(operationId: string, as: string): Promise<OperationStateOf>;
  readonly refusal: {
    upgrade(applicationId: string, options: UpgradeOptions): Promise<Refusal[]>;
    scale(applicationId: string, replicas: number): Promise<Refusal[]>;
  };
  /** Any document; throws on errors. */
  ask<Data>(document: string, variables?: Readonly<Record<string, unknown>>): Promise<Data>;
  clusterIds(codes: readonly string[]): Promise<string[]>;
}

export interface CreateOptions {
  readonly clusters: readonly string[];
  readonly replicas: number;
  readonly image: string;
  readonly updateStrategy?: object;
  /** Merged into the one container, or into the template. */
  readonly container?: object;
  readonly template?: object;
}
export interface UpgradeOptions {
  readonly image: string;
  readonly message?: string;
  /** Simulated seconds. */
  readonly deadline?: number;
  readonly autoRollback?: boolean;
}
export interface Started {
  readonly applicationId: string;
  readonly operationId: string;
}
export interface ApplicationState {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly version: number;
  readonly revision: { readonly number: number };
  readonly replicas: { readonly desired: number; readonly created: number; readonly ready: number };
  readonly rollout: { readonly state: string; readonly updated: number; readonly total: number; readonly reason: string | null } | null;
  readonly revisions: {
    readonly totalCount: number;
    readonly nodes: readonly { readonly number: number; readonly message: string; readonly changes: readonly { readonly path: string; readonly before: unknown; readonly after: unknown }[] }[];
  };
}
export interface OperationStateOf {
  readonly id: string;
  readonly state: string;
  readonly error: string | null;
  readonly cancellable: boolean;
  readonly retryable: boolean;
  readonly finishedAt: string | null;
  readonly progress: { readonly completed: number; readonly total: number };
}
export interface PodState {
  readonly id: string;
  readonly name: string;
  readonly phase: string;
  readonly ready: boolean;
  readonly reason: string | null;
  readonly restartCount: number;
  readonly startedAt: string | null;
  readonly privateIp: string | null;
  readonly cluster: { readonly code: string };
  readonly revision: { readonly number: number };
}
export interface PodsChange {
  readonly snapshot: boolean;
  readonly complete: boolean;
  readonly upserted: readonly PodState[];
  readonly removedIds: readonly string[];
}
export interface Refusal {
  readonly __typename: string;
  readonly code: string;
  readonly path: readonly string[] | null;
}

const OPERATION = "id state error cancellable retryable finishedAt progress { completed total }";
const POD = "id name phase ready reason restartCount startedAt privateIp cluster { code } revision { number }";
const PAYLOAD = "application { id } operation { id } userErrors { __typename code path message }";

interface Payload {
  readonly application: { readonly id: string } | null;
  readonly operation: { readonly id: string } | null;
  readonly userErrors: readonly (Refusal & { readonly message: string })[];
}

export function createApi(client: SelvedgeClient): Api {
  const ask = <Data>(document: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Data> => client.execute(document, variables as never);
  const clusterIds = async (codes: readonly string[]): Promise<string[]> => {
    const { clusters } = await ask<{ clusters: { nodes: { id: string; code: string }[] } }>("{ clusters(first: 200) { nodes { id code } } }");
    return codes.map((code) => clusters.nodes.find((cluster) => cluster.code === code)?.id ?? "");
  };
  const mutate = async (name: string, type: string, input: object): Promise<Payload> => {
    const data = await ask<Record<string, Payload>>(`mutation Change($input: ${type}!) { payload: ${name}(input: $input) { ${PAYLOAD} } }`, { input });
    return data["payload"] as Payload;
  };
  const accepted = async (name: string, type: string, input: object): Promise<Started> => {
    const { application, operation, userErrors } = await mutate(name, type, { ...input, idempotencyKey: randomUUID() });
    if (userErrors.length > 0 || application === null || operation === null) throw new Error(`${name} was refused: ${JSON.stringify(userErrors)}`);
    return { applicationId: application.id, operationId: operation.id };
  };
  const refused = async (name: string, type: string, input: object): Promise<Refusal[]> =>
    (await mutate(name, type, input)).userErrors.map(({ __typename, code, path }) => ({ __typename, code, path }));
  const containerOf = (image: string): object => ({ name: "web", image, cpuMillis: 50, memoryMiB: 32, ports: [{ name: "http", containerPort: 80 }] });
  const upgradeInput = (applicationId: string, { image, message, deadline, autoRollback }: UpgradeOptions): object => ({
    applicationId,
    template: { containers: [containerOf(image)] },
    ...(message === undefined ? {} : { message }),
    strategy: { ...(deadline === undefined ? {} : { progressDeadlineSeconds: deadline }), ...(autoRollback === undefined ? {} : { autoRollback }) },
  });
  const operation = async (id: string): Promise<OperationStateOf> => {
    const data = await ask<{ operation: OperationStateOf | null }>(`query Operation($id: ID!) { operation(id: $id) { ${OPERATION} } }`, { id });
    if (data.operation === null) throw new Error(`there is no operation ${id}`);
    return data.operation;
  };
  return {
    ask,
    clusterIds,
    operation,
    create: async (name, { clusters, replicas, image, updateStrategy, container, template }) =>
      accepted("createApplication", "CreateApplicationInput", {
        name,
        namespace: "default",
        template: { containers: [{ ...containerOf(image), ...container }], ...template },
        distribution: { clusters: (await clusterIds(clusters)).map((clusterId) => ({ clusterId, replicas })) },
        ...(updateStrategy ? { updateStrategy } : {}),
      }),
    upgrade: (applicationId, options) => accepted("upgradeApplication", "UpgradeApplicationInput", upgradeInput(applicationId, options)),
    rollBack: (applicationId, toRevision) => accepted("rollBackApplication", "RollBackApplicationInput", { applicationId, ...(toRevision === undefined ? {} : { toRevision }) }),
    act: (mutation, applicationId) => accepted(mutation, "ApplicationActionInput", { applicationId }),
    cancel: async (operationId) => {
      const { payload } = await ask<{ payload: { userErrors: readonly Refusal[] } }>(
        "mutation Cancel($input: OperationActionInput!) { payload: cancelOperation(input: $input) { operation { id } userErrors { __typename code path } } }",
        { input: { operationId } },
      );
      if (payload.userErrors.length > 0) throw new Error(`cancelOperation was refused: ${JSON.stringify(payload.userErrors)}`);
    },
    application: async (id) => {
      const data = await ask<{ application: ApplicationState | null }>(
        `query Application($id: ID!) { application(id: $id) {
          id name status version revision { number } replicas { desired created ready } rollout { state updated total reason }
          revisions(first: 20) { totalCount nodes { number message changes { path before after } } }
        } }`,
        { id },
      );
      if (data.application === null) throw new Error(`there is no application ${id}`);
      return data.application;
    },
    podsOf: async (applicationId) => {
      const data = await ask<{ pods: { nodes: PodState[] } }>(`query Pods($id: ID!) { pods(first: 200, filter: { applicationIds: [$id] }) { nodes { ${POD} } } }`, { id: applicationId });
      return data.pods.nodes;
    },
    pods: async function* (applicationId, signal) {
      const document = `subscription Pods($id: ID!, $after: String) { pods(filter: { applicationIds: [$id] }, after: $after) { cursor snapshot complete upserted { ${POD} } removedIds } }`;
      for await (const data of client.subscribe<{ pods: PodsChange }, { id: string }>(document, { id: applicationId }, { signal })) yield data.pods;
    },
    ended: async (operationId, as) => {
      await client.waitForOperation(operationId, undefined, { signal: AbortSignal.timeout(120_000) });
      const ended = await operation(operationId);
      if (ended.state !== as) throw new Error(`the operation ended ${ended.state}, not ${as}: ${ended.error}`);
      return ended;
    },
    refusal: {
      upgrade: (applicationId, options) => refused("upgradeApplication", "UpgradeApplicationInput", upgradeInput(applicationId, options)),
      scale: (applicationId, replicas) => refused("scaleApplication", "ScaleApplicationInput", { applicationId, replicas }),
    },
  };
}
