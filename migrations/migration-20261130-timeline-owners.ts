import { Migration } from "@mikro-orm/migrations";

const OPERATION_KINDS =
  "CREATE_APPLICATION UPGRADE_APPLICATION UPDATE_DISTRIBUTION SCALE_APPLICATION RESTART_APPLICATION STOP_APPLICATION START_APPLICATION ROLL_BACK_APPLICATION DELETE_APPLICATION " +
  "CREATE_VPC DELETE_VPC CREATE_SUBNET DELETE_SUBNET CREATE_SERVICE UPDATE_SERVICE DELETE_SERVICE CREATE_NAT_GATEWAY UPDATE_NAT_GATEWAY DELETE_NAT_GATEWAY " +
  "CREATE_LOAD_BALANCER UPDATE_LOAD_BALANCER DELETE_LOAD_BALANCER CREATE_NETWORK_ACL UPDATE_NETWORK_ACL DELETE_NETWORK_ACL UPDATE_CONFIG WARM_IMAGE IMPORT_MANIFESTS";

/**
 * Rows of the timeline may say which applications their objects belong to, so that what is remembered of one application outlives changes of the
 * others. Null: it is not known, and they may be anybody's. Rights are the table's.
 *
 * And an operation's kind is held to its words, as every other column of an enumeration is: answers that Postgres writes show stored words as they are.
 */
export class TimelineOwnersMigration extends Migration {
  override up(): void {
    this.addSql("alter table timeline add column owner_ids uuid[]");
    this.addSql(`alter table operation add constraint operation_kind_check check (kind in (${OPERATION_KINDS.split(" ").map((kind) => `'${kind}'`).join(", ")}))`);
  }
}
