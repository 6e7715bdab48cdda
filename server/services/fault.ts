import { randomInt, randomUUIDv7 } from "node:crypto";
import { accepted, alreadyExists, type DomainError, invalidState, notFound, type Outcome, refused } from "../domain/errors.ts";
import { checkFault, FAULT_TARGET_TYPES, type FaultInput, type FaultTarget, MAX_FAULTS_A_CLUSTER, modeOf, namedTargets } from "../domain/fault-rules.ts";
import { uuidOf } from "../domain/ids.ts";
import { quoted } from "../domain/text.ts";
import { ClusterNode } from "../entities/cluster-node.ts";
import { Cluster } from "../entities/cluster.ts";
import { Fault } from "../entities/fault.ts";
import { Pod } from "../entities/pod.ts";
import { requireWholeTenant } from "../identity/authorise.ts";
import { appendTimeline } from "../realtime/timeline.ts";
import type { Transaction } from "./transaction.ts";

export interface InjectFaultInput extends FaultInput {
  readonly idempotencyKey?: string | null | undefined;
}

export interface EndFaultInput {
  readonly faultId: string;
  readonly idempotencyKey?: string | null | undefined;
}

export interface FaultResult {
  readonly faultId: string;
}

interface Struck {
  readonly target: FaultTarget;
  readonly id: string;
  readonly name: string;
  readonly clusterId: string;
}

/** Faults are the platform's: whoever limits a token to namespaces means it to change nothing else. `simulated`: there is somebody to carry it out. */
export async function injectFault(tx: Transaction, input: InjectFaultInput, simulated: boolean): Promise<Outcome<FaultResult>> {
  requireWholeTenant(tx.actor);
  if (!simulated) return refused(invalidState("NOT_SIMULATED", "The fleet is not simulated: faults are rehearsed on a simulated one only."));
  const faults: DomainError[] = checkFault(input);
  const struck: Struck[] = [];
  for (const target of namedTargets(input)) {
    const found = await findTarget(tx, target, input[target] ?? "");
    if (found) struck.push(found);
    else faults.push(notFound(["input", target], `There is no ${WORDS[target]} ${quoted(input[target] ?? "")}.`));
  }
  const [one] = struck;
  if (faults.length > 0 || one === undefined) return refused(...faults);
  return strike(tx, input, one);
}

const WORDS: Readonly<Record<FaultTarget, string>> = { clusterId: "cluster", nodeId: "node", podId: "pod" };

/** Pods under row-level security: another tenant's looks like one that is not there. */
async function findTarget({ em, actor }: Transaction, target: FaultTarget, globalId: string): Promise<Struck | null> {
  const id = uuidOf(FAULT_TARGET_TYPES[target], globalId);
  if (id === null) return null;
  switch (target) {
    case "clusterId": {
      const cluster = await em.findOne(Cluster, { id });
      return cluster && { target, id, name: cluster.code, clusterId: id };
    }
    case "nodeId": {
      const node = await em.findOne(ClusterNode, { id });
      return node && { target, id, name: node.name, clusterId: node.clusterId };
    }
    case "podId": {
      const pod = await em.findOne(Pod, { tenantId: actor.tenantId, id });
      return pod && { target, id, name: pod.name, clusterId: pod.clusterId };
    }
  }
}

async function strike(tx: Transaction, input: InjectFaultInput, { target, id: targetId, name, clusterId }: Struck): Promise<Outcome<FaultResult>> {
  const { em, at, now } = tx;
  const { kind } = input;
  // One after the other on a cluster, so that what is counted and looked for stays so.
  await em.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", [`faults ${clusterId}`]);
  await em.execute("update fault set ended_at = ends_at where cluster_id = ? and ended_at is null and ends_at <= ?", [clusterId, at]);
  const inForce = await em.find(Fault, { clusterId, endedAt: null });
  const same = inForce.find((fault) => fault.kind === kind && fault.targetId === targetId);
  if (same) {
    return refused(alreadyExists(["input", target], { type: "Fault", id: same.id }, `${kind} is in force on ${name} already, until ${same.endsAt.toISOString()}.`));
  }
  if (inForce.length >= MAX_FAULTS_A_CLUSTER) {
    return refused(invalidState("TOO_MANY_FAULTS", `${inForce.length} faults are in force on the cluster; ${MAX_FAULTS_A_CLUSTER} are the most. End some of them first.`));
  }
  const id = randomUUIDv7();
  tx.about({ type: "Fault", id, name: `${kind} ${name}`, namespaceId: null });
  await em.insert(Fault, {
    id, kind, clusterId, targetType: FAULT_TARGET_TYPES[target], targetId, mode: modeOf(input), seed: input.seed ?? randomInt(2 ** 31),
    startsAt: at, endsAt: new Date(now + input.durationSeconds * 1_000), endedAt: null,
  });
  await tell(tx, clusterId, id);
  return accepted({ faultId: id });
}

/** Ending again what is over changes nothing and is accepted. */
export async function endFault(tx: Transaction, { faultId }: EndFaultInput): Promise<Outcome<FaultResult>> {
  requireWholeTenant(tx.actor);
  const { em, at } = tx;
  const id = uuidOf("Fault", faultId);
  const fault = id === null ? null : await em.findOne(Fault, { id });
  if (!fault) return refused(notFound(["input", "faultId"], `There is no fault ${quoted(faultId)}.`));
  tx.about({ type: "Fault", id: fault.id, name: fault.kind, namespaceId: null });
  const ended: unknown[] = await em.execute("update fault set ended_at = least(ends_at, ?) where id = ? and ended_at is null returning id", [at, fault.id]);
  if (ended.length > 0) await tell(tx, fault.clusterId, fault.id);
  return accepted({ faultId: fault.id });
}

/** To the administrators of all tenants: a fault is nobody's own. */
const tell = ({ em, now }: Transaction, clusterId: string, id: string): Promise<void> => appendTimeline(em, { tenantId: null, clusterId, kind: "fault", ids: [id], at: now });
