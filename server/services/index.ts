/**
 * Every change that a caller can make. A method takes who asks and what for, and answers what it did (ids, resolved again by whoever
 * shows them) or every reason why it did nothing; it throws RequestError FORBIDDEN for a token that may never do it, and anything else
 * only when something is broken. Each call is one transaction: see mutation.ts.
 */
import { createApplication, type ApplicationResult } from "./application/create.ts";
import { deleteApplication, type DeleteResult } from "./application/delete.ts";
import { updateDistribution } from "./application/distribution.ts";
import type {
  CreateApplicationInput,
  DeleteApplicationInput,
  ScaleApplicationInput,
  UpdateApplicationInput,
  UpdateDistributionInput,
} from "./application/input.ts";
import { scaleApplication } from "./application/scale.ts";
import { updateApplication } from "./application/update.ts";
import { type BatchResult, deleteEach, type DeleteManyInput } from "./batch.ts";
import { createApiToken, type CreateApiTokenInput, revokeApiToken, type TokenResult } from "./api-token.ts";
import { importManifests, type ImportManifestsInput, type ImportResult } from "./import/import.ts";
import { createManifestReader } from "./import/read.ts";
import { type Answer, mutate, type MutationRequest, type ServiceOptions } from "./mutation.ts";
import { createNamespace, type CreateNamespaceInput, type DeleteInput, deleteNamespace, type NamespaceResult } from "./namespace.ts";
import { createServices as createNetworkServices, deleteService, type ServicesResult, updateService } from "./service.ts";
import type { CreateServiceInput, UpdateServiceInput } from "./service-input.ts";
import { createTenant, type CreateTenantInput, type TenantResult } from "./tenant.ts";
import type { Outcome } from "../domain/errors.ts";
import { requireRole } from "../identity/authorise.ts";
import { newToken } from "../identity/token.ts";
import type { Actor } from "../identity/viewer.ts";
import type { Transaction } from "./transaction.ts";

export type { ServiceOptions } from "./mutation.ts";
export type { ApplicationResult } from "./application/create.ts";
export type { DeleteResult } from "./application/delete.ts";
export type { TokenResult } from "./api-token.ts";
export type { ImportedObject, ImportOutcome, ImportResult } from "./import/import.ts";
export type { NamespaceResult } from "./namespace.ts";
export type { BatchItem, BatchResult } from "./batch.ts";
export type { ServicesResult } from "./service.ts";
export type { TenantResult } from "./tenant.ts";

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
    readonly delete: Method<DeleteApplicationInput, DeleteResult>;
    readonly importManifests: Method<ImportManifestsInput, ImportResult>;
  };
  /** Stable addresses over an application's pods. */
  readonly services: {
    readonly create: Method<CreateServiceInput, ServicesResult>;
    readonly update: Method<UpdateServiceInput, ServicesResult>;
    readonly delete: Method<DeleteManyInput, BatchResult>;
  };
  readonly tokens: {
    /** The secret is given once: null when the answer is a replay. */
    readonly create: Method<CreateApiTokenInput, TokenResult & { readonly secret: string | null }>;
    readonly revoke: Method<DeleteInput, TokenResult>;
  };
  readonly tenants: {
    /** The owner's token is given once: null when the answer is a replay. */
    readonly create: Method<CreateTenantInput, TenantResult & { readonly ownerToken: string | null }>;
  };
}

export function createServices(options: ServiceOptions): Services {
  const run = <T>(request: MutationRequest, work: (tx: Transaction) => Promise<Outcome<T>>): Promise<Answer<T>> =>
    mutate(options, request, work);
  const { bus } = options;
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
      delete: (actor, input) => run({ name: "deleteApplication", role: "OPERATOR", actor, input }, (tx) => deleteApplication(tx, input)),
      importManifests: async (actor, input) => {
        requireRole(actor, "OPERATOR");
        const parsed = await readManifests(input.yaml);
        return run({ name: "importManifests", role: "OPERATOR", actor, input, dryRun: input.dryRun }, (tx) =>
          importManifests(tx, input, parsed),
        );
      },
    },
    services: {
      create: (actor, input) => run({ name: "createServices", role: "OPERATOR", actor, input }, (tx) => createNetworkServices(tx, input)),
      update: (actor, input) => run({ name: "updateService", role: "OPERATOR", actor, input }, (tx) => updateService(tx, input)),
      delete: (actor, input) => run({ name: "deleteServices", role: "OPERATOR", actor, input }, (tx) => deleteEach(tx, input, deleteService)),
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
