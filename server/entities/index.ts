import { ApiToken } from "./api-token.ts";
import { Application } from "./application.ts";
import { Assignment } from "./assignment.ts";
import { AuditEntry } from "./audit-entry.ts";
import { Cluster } from "./cluster.ts";
import { ClusterNode } from "./cluster-node.ts";
import { ClusterUsage } from "./cluster-usage.ts";
import { ConfigMap } from "./config-map.ts";
import { ConfigReference } from "./config-reference.ts";
import { Event } from "./event.ts";
import { Fault } from "./fault.ts";
import { Idempotency } from "./idempotency.ts";
import { Namespace } from "./namespace.ts";
import { Operation } from "./operation.ts";
import { OperationStep } from "./operation-step.ts";
import { Placement } from "./placement.ts";
import { Pod } from "./pod.ts";
import { Region } from "./region.ts";
import { Revision } from "./revision.ts";
import { Rollout } from "./rollout.ts";
import { Secret } from "./secret.ts";
import { Service } from "./service.ts";
import { Subnet } from "./subnet.ts";
import { TerminalSession } from "./terminal-session.ts";
import { Tenant } from "./tenant.ts";
import { Vpc } from "./vpc.ts";

/** Every entity: what the database is asked for by the ORM and by the read path, each table and column named once. */
export const entities = [
  Region,
  Cluster,
  ClusterNode,
  Tenant,
  ApiToken,
  AuditEntry,
  Idempotency,
  Namespace,
  Vpc,
  Subnet,
  Application,
  Revision,
  Placement,
  ClusterUsage,
  Assignment,
  Pod,
  Operation,
  OperationStep,
  Rollout,
  ConfigMap,
  Secret,
  ConfigReference,
  Service,
  Event,
  Fault,
  TerminalSession,
] as const;
