import { Migration } from "@mikro-orm/migrations";

/**
 * Rows of the timeline may say which applications their objects belong to, so that what is remembered of one application outlives changes of the
 * others. Null: it is not known, and they may be anybody's. Rights are the table's.
 */
export class TimelineOwnersMigration extends Migration {
  override up(): void {
    this.addSql("alter table timeline add column owner_ids uuid[]");
  }
}
