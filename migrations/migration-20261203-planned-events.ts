import { Migration } from "@mikro-orm/migrations";

/** The worker tells events, too, and counts how often the same was told before. */
export class PlannedEventsMigration extends Migration {
  override up(): void {
    this.addSql("grant select on event to selvedge_worker");
    this.addSql("create policy selvedge_worker on event for select to selvedge_worker using (tenant_id = (select app.tenant_id()))");
  }
}
