import { Migration } from "@mikro-orm/migrations";

/** Which revisions keep others away from their regions is asked by every change of an application, and almost none do. */
export class RegionalRulesMigration extends Migration {
  override up(): void {
    this.addSql(/* sql */ `
create index revision_regional_rules on revision (tenant_id, namespace_id)
where template @> '{"affinity": [{"kind": "APPLICATION_ANTI", "required": true, "topology": "REGION"}]}'`);
  }
}
