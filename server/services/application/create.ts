import { randomUUIDv7 } from "node:crypto";
import { checkDistribution } from "../../domain/distribution.ts";
import { accepted, alreadyExists, type DomainError, invalid, type Outcome, refused } from "../../domain/errors.ts";
import { checkDescription, checkLabels, checkObjectName } from "../../domain/names.ts";
import type { Label, PodTemplate } from "../../domain/pod-template.ts";
import { type CapacityType, DEFAULT_UPDATE_STRATEGY, type UpdateStrategy, type WorkloadKind } from "../../domain/states.ts";
import { checkTemplate } from "../../domain/template-rules.ts";
import { checkUpdateStrategy, mergeUpdateStrategy } from "../../domain/update-strategy.ts";
import { Application } from "../../entities/application.ts";
import type { Namespace } from "../../entities/namespace.ts";
import { startOperation, type StepPlan } from "../operation.ts";
import type { Transaction } from "../transaction.ts";
import { type CreateApplicationInput, labelsOf } from "./input.ts";
import { findByName, holdNamespace } from "./lookup.ts";
import { insertRevision } from "./revision.ts";
import { resolveTemplate } from "./template.ts";
import { distribute } from "./distribute.ts";
import { resolveDistribution, type Wanted } from "./wanted.ts";

export interface ApplicationResult {
  readonly applicationId: string;
  /** null where the fleet has nothing to do. */
  readonly operationId: string | null;
}

/** An application as it is to be made: its parts have been put in their stored form, not yet checked. */
export interface Design {
  readonly name: string;
  readonly description: string;
  readonly workloadKind: WorkloadKind;
  readonly capacityType: CapacityType;
  readonly labels: Label[];
  readonly template: PodTemplate;
  readonly updateStrategy: UpdateStrategy;
  readonly deletionProtection: boolean;
}

export async function createApplication(tx: Transaction, input: CreateApplicationInput): Promise<Outcome<ApplicationResult>> {
  const namespace = await holdNamespace(tx, input.namespace);
  if (!namespace.ok) return namespace;
  const { template, errors } = await resolveTemplate(tx, ["input", "template"], namespace.value.id, input.template);
  const design: Design = {
    name: input.name,
    description: input.description ?? "",
    workloadKind: input.workloadKind,
    capacityType: input.capacityType,
    labels: labelsOf(input.labels),
    template,
    updateStrategy: mergeUpdateStrategy(DEFAULT_UPDATE_STRATEGY, input.updateStrategy),
    deletionProtection: input.deletionProtection,
  };
  const faults = [...errors, ...checkDesign(design), ...checkDistribution(["input", "distribution"], input.distribution)];
  if (faults.length > 0) return refused(...faults);
  const existing = await findByName(tx, namespace.value.id, design.name);
  if (existing) {
    return refused(
      alreadyExists(
        ["input", "name"],
        { type: "Application", id: existing.id },
        `Namespace ${input.namespace} already has an application ${design.name}.`,
      ),
    );
  }
  const wanted = await resolveDistribution(tx, ["input", "distribution"], input.distribution);
  if (!wanted.ok) return wanted;
  const made = await make(tx, namespace.value, design, wanted.value, ["input", "distribution"]);
  return made.ok ? accepted({ applicationId: made.value.applicationId, operationId: made.value.operationId }) : made;
}

export function checkDesign(design: Design): DomainError[] {
  const errors: DomainError[] = [
    ...checkObjectName(["input", "name"], "The application's name", design.name),
    ...checkDescription(["input", "description"], design.description),
    ...checkLabels(["input", "labels"], design.labels),
    ...checkTemplate(["input", "template"], design.template),
    ...checkUpdateStrategy(["input", "updateStrategy"], design.updateStrategy),
  ];
  if (design.workloadKind !== "DEPLOYMENT")
    errors.push(invalid(["input", "workloadKind"], `The workload kind ${design.workloadKind} is not offered yet; DEPLOYMENT is.`));
  if (design.capacityType === "OFF_PEAK")
    errors.push(invalid(["input", "capacityType"], `The capacity type ${design.capacityType} is not offered yet; ON_DEMAND and SPOT are.`));
  return errors;
}

export interface Made extends ApplicationResult {
  readonly operationId: string;
  readonly steps: readonly StepPlan[];
}

/** Writes a checked design whose name is free: application, first revision, placements, operation. */
export async function make(
  tx: Transaction,
  namespace: Namespace,
  design: Design,
  wanted: readonly Wanted[],
  path: readonly string[] | null,
): Promise<Outcome<Made>> {
  const { tenantId, tokenName } = tx.actor;
  const { template, ...properties } = design;
  const id = randomUUIDv7();
  const revisionId = randomUUIDv7();
  tx.about({ type: "Application", id, name: design.name, namespaceId: namespace.id });
  await tx.em.insert(Application, {
    tenantId,
    id,
    namespaceId: namespace.id,
    ...properties,
    status: "PENDING",
    statusReason: "No cluster has confirmed it yet.",
    version: 1,
    revisionId,
    desired: 0,
    created: 0,
    ready: 0,
    updated: 0,
    unavailable: 0,
    deleting: false,
    stopped: false,
    restarts: 0,
    rolloutId: null,
    rolloutStrategy: null,
    createdAt: tx.at,
    updatedAt: tx.at,
  });
  const application = await tx.em.findOneOrFail(Application, { tenantId, id });
  const revision = await insertRevision(tx, application, { id: revisionId, number: 1, template, message: "" });
  const distributed = await distribute(tx, application, { wanted, revision, reason: `Chosen by ${tokenName}.`, path });
  if (!distributed.ok) return distributed;
  const { steps } = distributed.value;
  const operationId = await startOperation(tx, {
    kind: "CREATE_APPLICATION",
    namespaceId: namespace.id,
    targetId: id,
    targetName: design.name,
    steps,
  });
  tx.changed("application", id);
  tx.reconcile(id);
  return accepted({ applicationId: id, operationId, steps });
}
