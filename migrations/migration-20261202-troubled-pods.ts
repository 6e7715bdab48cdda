import { Migration } from "@mikro-orm/migrations";

/** What an application's pods suffer from is looked up whenever reports tell of them: by those that suffer, not by all. */
export class TroubledPodsMigration extends Migration {
  override up(): void {
    this.addSql("create index pod_troubled on pod (tenant_id, application_id, cluster_id, reason) where not ready and reason is not null");
  }
}
