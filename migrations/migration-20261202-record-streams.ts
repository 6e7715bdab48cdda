import { Migration } from "@mikro-orm/migrations";

/** Streams tell events in the order of commits, a tenant's and the platform's each by this index. */
export class RecordStreamsMigration extends Migration {
  override up(): void {
    this.addSql("create index event_commits on event (tenant_id, xid, at, id)");
  }
}
