import type { ServicePort, ServiceType } from "../domain/service.ts";

/** What callers give, field by field as the schema's inputs of the same names; ids are global ids, exactly as they came. */
export interface CreateServiceInput {
  readonly name: string;
  readonly applicationId: string;
  readonly ports: readonly ServicePort[];
  /** Left out: every cluster that the application runs on. */
  readonly clusterIds?: readonly string[] | null | undefined;
  readonly type: ServiceType;
  readonly idempotencyKey?: string | null | undefined;
}

export interface UpdateServiceInput {
  readonly serviceId: string;
  /** All of them, as they are to be. */
  readonly ports: readonly ServicePort[];
  readonly expectedVersion?: number | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
}
