import { Migration } from "@mikro-orm/migrations";

/** `last_seen_at` is what was vouched for; whom a cluster answers to follows from whether anything at all is heard. */
export class VouchingMigration extends Migration {
  override up(): void {
    this.addSql("alter table cluster add column heard_at timestamptz(3)");
  }
}
