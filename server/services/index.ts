/**
 * Every change that a caller can make. A method takes who asks and what for, and answers what it did (ids, resolved again by whoever
 * shows them) or every reason why it did nothing; it throws RequestError FORBIDDEN for a token that may never do it, and anything else
 * only when something is broken. Each call is one transaction: see mutation.ts.
 */
import { randomBytes } from "node:crypto";
import type { Pool } from "pg";
import { createApplication, type ApplicationResult } from "./application/create.ts";
import { deleteApplication, type DeleteResult } from "./application/delete.ts";
import { updateDistribution } from "./application/distribution.ts";
import type {
  ApplicationActionInput,
  CreateApplicationInput,
  DeleteApplicationInput,
  RollBackApplicationInput,
  ScaleApplicationInput,
  UpdateApplicationInput,
  UpdateDistributionInput,
  UpgradeApplicationInput,
} from "./application/input.ts";
import { restartApplication } from "./application/restart.ts";
import { rollBackApplication } from "./application/roll-back.ts";
import { scaleApplication } from "./application/scale.ts";
import { startApplication, stopApplication } from "./application/stop.ts";
import { updateApplication } from "./application/update.ts";
import { upgradeApplication } from "./application/upgrade.ts";
import { type BatchResult, deleteEach, type DeleteManyInput } from "./batch.ts";
import { type ConfigMapResult, createConfigMap, type CreateConfigMapInput, deleteConfigMap, updateConfigMap, type UpdateConfigMapInput } from "./config/config-map.ts";
import {
  createSecret,
  type CreateSecretInput,
  deleteSecret,
  revealSecret,
  type RevealSecretInput,
  type SecretResult,
  updateSecret,
  type UpdateSecretInput,
} from "./config/secret.ts";
import { createApiToken, type CreateApiTokenInput, revokeApiToken, type TokenResult } from "./api-token.ts";
import { type ClusterKeyResult, createEnrolmentTicket, type CreateEnrolmentTicketInput, revokeClusterKey, type RevokeClusterKeyInput, type TicketResult } from "./enrolment.ts";
import { endFault, type EndFaultInput, type FaultResult, injectFault, type InjectFaultInput } from "./fault.ts";
import { importManifests, type ImportManifestsInput, type ImportResult } from "./import/import.ts";
import { createManifestReader } from "./import/read.ts";
import { type Answer, mutate, type MutationRequest, type ServiceOptions } from "./mutation.ts";
import { createNamespace, type CreateNamespaceInput, type DeleteInput, deleteNamespace, type NamespaceResult } from "./namespace.ts";
import { cancelOperation } from "./operations/cancel.ts";
import type { OperationActionInput, OperationResult } from "./operations/lookup.ts";
import { retryOperation } from "./operations/retry.ts";
import { createServices as createNetworkServices, deleteService, type ServicesResult, updateService } from "./service.ts";
import type { CreateServiceInput, UpdateServiceInput } from "./service-input.ts";
import { resizeTerminal, type ResizeTerminalInput, sendTerminalInput, type TerminalInput } from "./terminal/input.ts";
import { followTerminal, type TerminalOutput } from "./terminal/output.ts";
import { auditedOpening, closeTerminal, type CloseTerminalInput, openTerminal, type OpenTerminalInput, type TerminalResult } from "./terminal/terminal.ts";
import { createTenant, type CreateTenantInput, type TenantResult } from "./tenant.ts";
import type { ConfigEntry } from "../domain/configuration.ts";
import { ticketOf } from "../domain/cluster-key.ts";
import { accepted, type Outcome } from "../domain/errors.ts";
import { requireRole } from "../identity/authorise.ts";
import { newToken } from "../identity/token.ts";
import type { Actor } from "../identity/viewer.ts";
import type { Transaction } from "./transaction.ts";

export type { ServiceOptions } from "./mutation.ts";
export type { ApplicationResult } from "./application/create.ts";
export type { DeleteResult } from "./application/delete.ts";
export type { ConfigMapResult } from "./config/config-map.ts";
export type { SecretResult } from "./config/secret.ts";
export type { ClusterKeyResult, TicketResult } from "./enrolment.ts";
export type { TokenResult } from "./api-token.ts";
export type { FaultResult } from "./fault.ts";
export type { ImportedObject, ImportOutcome, ImportResult } from "./import/import.ts";
export type { NamespaceResult } from "./namespace.ts";
export type { OperationResult } from "./operations/lookup.ts";
export type { BatchItem, BatchResult } from "./batch.ts";
export type { ServicesResult } from "./service.ts";
export type { TenantResult } from "./tenant.ts";
export type { TerminalOutput } from "./terminal/output.ts";
export type { TerminalResult } from "./terminal/terminal.ts";

type Method<Input, Result> = (actor: Actor, input: Input) => Promise<Outcome<Result>>;

export interface Services {
  readonly namespaces: {
    readonly create: Method<CreateNamespaceInput, NamespaceResult>;
    readonly delete: Method<DeleteInput, DeleteResult>;
  };
  readonly applications: {
    readonly create: Method<CreateApplicationInput, ApplicationResult>;
    readonly update: Method<UpdateApplicationInput, ApplicationResult>;
    readonly scale: Method<ScaleApplicationInput, ApplicationResult>;
    readonly updateDistribution: Method<UpdateDistributionInput, ApplicationResult>;
    readonly upgrade: Method<UpgradeApplicationInput, ApplicationResult>;
    readonly rollBack: Method<RollBackApplicationInput, ApplicationResult>;
    readonly stop: Method<ApplicationActionInput, ApplicationResult>;
    readonly start: Method<ApplicationActionInput, ApplicationResult>;
    readonly restart: Method<ApplicationActionInput, ApplicationResult>;
    readonly delete: Method<DeleteApplicationInput, DeleteResult>;
    readonly importManifests: Method<ImportManifestsInput, ImportResult>;
  };
  readonly operations: {
    /** The same operation, which goes back. */
    readonly cancel: Method<OperationActionInput, OperationResult>;
    /** A new operation. */
    readonly retry: Method<OperationActionInput, OperationResult>;
  };
  /** Stable addresses over an application's pods. */
  readonly services: {
    readonly create: Method<CreateServiceInput, ServicesResult>;
    readonly update: Method<UpdateServiceInput, ServicesResult>;
    readonly delete: Method<DeleteManyInput, BatchResult>;
  };
  readonly configMaps: {
    readonly create: Method<CreateConfigMapInput, ConfigMapResult>;
    readonly update: Method<UpdateConfigMapInput, ConfigMapResult>;
    readonly delete: Method<DeleteInput, DeleteResult>;
  };
  readonly secrets: {
    readonly create: Method<CreateSecretInput, SecretResult>;
    readonly update: Method<UpdateSecretInput, SecretResult>;
    readonly delete: Method<DeleteInput, DeleteResult>;
    /** The only way that values come out; each time leaves an audit entry. */
    readonly reveal: Method<RevealSecretInput, readonly ConfigEntry[]>;
  };
  readonly tokens: {
    /** The secret is given once: null when the answer is a replay. */
    readonly create: Method<CreateApiTokenInput, TokenResult & { readonly secret: string | null }>;
    readonly revoke: Method<DeleteInput, TokenResult>;
  };
  readonly enrolment: {
    /** The ticket is given once: null when the answer is a replay. */
    readonly createTicket: Method<CreateEnrolmentTicketInput, TicketResult & { readonly ticket: string | null }>;
    readonly revokeKey: Method<RevokeClusterKeyInput, ClusterKeyResult>;
  };
  readonly faults: {
    readonly inject: Method<InjectFaultInput, FaultResult>;
    readonly end: Method<EndFaultInput, FaultResult>;
  };
  readonly terminals: {
    readonly open: Method<OpenTerminalInput, TerminalResult>;
    readonly send: Method<TerminalInput, TerminalResult>;
    readonly resize: Method<ResizeTerminalInput, TerminalResult>;
    readonly close: Method<CloseTerminalInput, TerminalResult>;
    /** What it shows behind `after`; its return() takes effect at once. @throws RequestError */
    readonly follow: (actor: Actor, sessionId: string, after: number) => Promise<AsyncIterableIterator<TerminalOutput>>;
  };
  readonly tenants: {
    /** The owner's token is given once: null when the answer is a replay. */
    readonly create: Method<CreateTenantInput, TenantResult & { readonly ownerToken: string | null }>;
  };
}

export function createServices(options: ServiceOptions): Services {
  const run = <T>(request: MutationRequest, work: (tx: Transaction) => Promise<Outcome<T>>): Promise<Answer<T>> =>
    mutate(options, request, work);
  const { bus, keyRing, simulated = true } = options;
  const terminalPool = (): Pool => {
    if (options.pool === undefined) throw new Error("terminals need a pool");
    return options.pool;
  };
  const told = (answer: Outcome<TerminalResult>): Outcome<TerminalResult> => {
    if (answer.ok) bus.publish("terminalInput", answer.value.clusterId);
    return answer;
  };
  const readManifests = createManifestReader();
  return {
    namespaces: {
      create: (actor, input) => run({ name: "createNamespace", role: "OPERATOR", actor, input }, (tx) => createNamespace(tx, input)),
      delete: (actor, input) => run({ name: "deleteNamespace", role: "OPERATOR", actor, input }, (tx) => deleteNamespace(tx, input)),
    },
    applications: {
      create: (actor, input) => run({ name: "createApplication", role: "OPERATOR", actor, input }, (tx) => createApplication(tx, input)),
      update: (actor, input) => run({ name: "updateApplication", role: "OPERATOR", actor, input }, (tx) => updateApplication(tx, input)),
      scale: (actor, input) => run({ name: "scaleApplication", role: "OPERATOR", actor, input }, (tx) => scaleApplication(tx, input)),
      updateDistribution: (actor, input) =>
        run({ name: "updateDistribution", role: "OPERATOR", actor, input }, (tx) => updateDistribution(tx, input)),
      upgrade: (actor, input) => run({ name: "upgradeApplication", role: "OPERATOR", actor, input }, (tx) => upgradeApplication(tx, input)),
      rollBack: (actor, input) =>
        run({ name: "rollBackApplication", role: "OPERATOR", actor, input }, (tx) => rollBackApplication(tx, input)),
      stop: (actor, input) => run({ name: "stopApplication", role: "OPERATOR", actor, input }, (tx) => stopApplication(tx, input)),
      start: (actor, input) => run({ name: "startApplication", role: "OPERATOR", actor, input }, (tx) => startApplication(tx, input)),
      restart: (actor, input) => run({ name: "restartApplication", role: "OPERATOR", actor, input }, (tx) => restartApplication(tx, input)),
      delete: (actor, input) => run({ name: "deleteApplication", role: "OPERATOR", actor, input }, (tx) => deleteApplication(tx, input)),
      importManifests: async (actor, input) => {
        requireRole(actor, "OPERATOR");
        const parsed = await readManifests(input.yaml);
        return run({ name: "importManifests", role: "OPERATOR", actor, input, dryRun: input.dryRun }, (tx) =>
          importManifests(tx, keyRing, input, parsed),
        );
      },
    },
    operations: {
      cancel: (actor, input) => run({ name: "cancelOperation", role: "OPERATOR", actor, input }, (tx) => cancelOperation(tx, input)),
      retry: (actor, input) => run({ name: "retryOperation", role: "OPERATOR", actor, input }, (tx) => retryOperation(tx, input)),
    },
    services: {
      create: (actor, input) => run({ name: "createServices", role: "OPERATOR", actor, input }, (tx) => createNetworkServices(tx, input)),
      update: (actor, input) => run({ name: "updateService", role: "OPERATOR", actor, input }, (tx) => updateService(tx, input)),
      delete: (actor, input) => run({ name: "deleteServices", role: "OPERATOR", actor, input }, (tx) => deleteEach(tx, input, deleteService)),
    },
    configMaps: {
      create: (actor, input) => run({ name: "createConfigMap", role: "OPERATOR", actor, input }, (tx) => createConfigMap(tx, input)),
      update: (actor, input) => run({ name: "updateConfigMap", role: "OPERATOR", actor, input }, (tx) => updateConfigMap(tx, input)),
      delete: (actor, input) => run({ name: "deleteConfigMap", role: "OPERATOR", actor, input }, (tx) => deleteConfigMap(tx, input)),
    },
    secrets: {
      create: (actor, input) => run({ name: "createSecret", role: "OPERATOR", actor, input }, (tx) => createSecret(tx, keyRing, input)),
      update: (actor, input) => run({ name: "updateSecret", role: "OPERATOR", actor, input }, (tx) => updateSecret(tx, keyRing, input)),
      delete: (actor, input) => run({ name: "deleteSecret", role: "OPERATOR", actor, input }, (tx) => deleteSecret(tx, input)),
      reveal: async (actor, { id, keys }) => {
        // Beside the answer that could be kept, and with an input of its own that has no key to keep it under.
        let revealed: readonly ConfigEntry[] = [];
        const input = keys ? { id, keys } : { id };
        const answer = await run({ name: "revealSecret", role: "OPERATOR", actor, input }, async (tx) => {
          const opened = await revealSecret(tx, keyRing, input);
          if (opened.ok) revealed = opened.value;
          return opened.ok ? accepted(null) : opened;
        });
        return answer.ok ? accepted(revealed) : answer;
      },
    },
    tokens: {
      create: async (actor, input) => {
        const secret = newToken();
        const answer = await run({ name: "createApiToken", role: "OWNER", actor, input }, (tx) => createApiToken(tx, input, secret));
        return answer.ok ? { ok: true, value: { ...answer.value, secret: answer.replayed ? null : secret } } : answer;
      },
      revoke: async (actor, input) => {
        const answer = await run({ name: "revokeApiToken", role: "OWNER", actor, input }, (tx) => revokeApiToken(tx, input));
        if (answer.ok) bus.publish("tokens", answer.value.tokenId);
        return answer;
      },
    },
    enrolment: {
      createTicket: async (actor, input) => {
        const ticket = ticketOf(randomBytes(32));
        const answer = await run({ name: "createEnrolmentTicket", role: "PLATFORM_ADMIN", actor, input }, (tx) => createEnrolmentTicket(tx, input, ticket, options.speed));
        return answer.ok ? { ok: true, value: { ...answer.value, ticket: answer.replayed ? null : ticket } } : answer;
      },
      revokeKey: async (actor, input) => {
        const answer = await run({ name: "revokeClusterKey", role: "PLATFORM_ADMIN", actor, input }, (tx) => revokeClusterKey(tx, input));
        if (answer.ok) bus.publish("keys", answer.value.clusterId);
        return answer;
      },
    },
    faults: {
      inject: async (actor, input) => {
        const answer = await run({ name: "injectFault", role: "PLATFORM_ADMIN", actor, input }, (tx) => injectFault(tx, input, simulated));
        if (answer.ok) bus.publish("faults");
        return answer;
      },
      end: async (actor, input) => {
        const answer = await run({ name: "endFault", role: "PLATFORM_ADMIN", actor, input }, (tx) => endFault(tx, input));
        if (answer.ok) bus.publish("faults");
        return answer;
      },
    },
    terminals: {
      open: async (actor, input) =>
        told(await run({ name: "openTerminal", role: "OPERATOR", actor, input, audited: auditedOpening(input) }, (tx) => openTerminal(tx, keyRing, options.speed, input))),
      send: async (actor, input) => told(await sendTerminalInput(terminalPool(), keyRing, actor, input)),
      resize: async (actor, input) => told(await resizeTerminal(terminalPool(), actor, input)),
      close: async (actor, input) => {
        const answer = await run({ name: "closeTerminal", role: "OPERATOR", actor, input }, (tx) => closeTerminal(tx, input));
        if (answer.ok) bus.publish("terminalOutput", answer.value.sessionId);
        return told(answer);
      },
      follow: (actor, sessionId, after) => followTerminal({ pool: terminalPool(), bus, keyRing }, actor, sessionId, after),
    },
    tenants: {
      create: async (actor, input) => {
        const ownerToken = newToken();
        const answer = await run({ name: "createTenant", role: "PLATFORM_ADMIN", actor, input }, (tx) =>
          createTenant(tx, input, ownerToken),
        );
        return answer.ok ? { ok: true, value: { ...answer.value, ownerToken: answer.replayed ? null : ownerToken } } : answer;
      },
    },
  };
}
