import { InitialMigration } from "./migration-20261123-initial.ts";
import { LifeAndConfigurationMigration } from "./migration-20261126-life-and-configuration.ts";
import { OperationKindsMigration } from "./migration-20261130-operation-kinds.ts";
import { TimelineOwnersMigration } from "./migration-20261130-timeline-owners.ts";
import { EventsMigration } from "./migration-20261201-events.ts";
import { EnrolmentMigration } from "./migration-20261201-enrolment.ts";
import { FaultsMigration } from "./migration-20261201-faults.ts";
import { RecordStreamsMigration } from "./migration-20261202-record-streams.ts";
import { VouchingMigration } from "./migration-20261201-vouching.ts";
import { RegionalRulesMigration } from "./migration-20261202-regional-rules.ts";
import { SilentClustersMigration } from "./migration-20261202-silent-clusters.ts";
import { TroubledPodsMigration } from "./migration-20261202-troubled-pods.ts";
import { LogsMigration } from "./migration-20261203-logs.ts";
import { MetricsMigration } from "./migration-20261203-metrics.ts";
import { PlannedEventsMigration } from "./migration-20261203-planned-events.ts";
import { SilentCausesMigration } from "./migration-20261203-silent-causes.ts";
import { TerminalsMigration } from "./migration-20261203-terminals.ts";

/** In the order in which they run; a name, once released, never changes. */
export const migrations = [
  { name: "20261123-initial", class: InitialMigration },
  { name: "20261126-life-and-configuration", class: LifeAndConfigurationMigration },
  { name: "20261130-timeline-owners", class: TimelineOwnersMigration },
  { name: "20261130-operation-kinds", class: OperationKindsMigration },
  { name: "20261201-events", class: EventsMigration },
  { name: "20261201-enrolment", class: EnrolmentMigration },
  { name: "20261201-faults", class: FaultsMigration },
  { name: "20261201-vouching", class: VouchingMigration },
  { name: "20261202-regional-rules", class: RegionalRulesMigration },
  { name: "20261202-silent-clusters", class: SilentClustersMigration },
  { name: "20261202-troubled-pods", class: TroubledPodsMigration },
  { name: "20261202-record-streams", class: RecordStreamsMigration },
  { name: "20261203-logs", class: LogsMigration },
  { name: "20261203-metrics", class: MetricsMigration },
  { name: "20261203-terminals", class: TerminalsMigration },
  { name: "20261203-planned-events", class: PlannedEventsMigration },
  { name: "20261203-silent-causes", class: SilentCausesMigration },
];
