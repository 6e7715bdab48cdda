import { Migration } from "@mikro-orm/migrations";

const KINDS =
  "CREATE_APPLICATION UPGRADE_APPLICATION UPDATE_DISTRIBUTION SCALE_APPLICATION RESTART_APPLICATION STOP_APPLICATION START_APPLICATION ROLL_BACK_APPLICATION DELETE_APPLICATION " +
  "CREATE_VPC DELETE_VPC CREATE_SUBNET DELETE_SUBNET CREATE_SERVICE UPDATE_SERVICE DELETE_SERVICE CREATE_NAT_GATEWAY UPDATE_NAT_GATEWAY DELETE_NAT_GATEWAY " +
  "CREATE_LOAD_BALANCER UPDATE_LOAD_BALANCER DELETE_LOAD_BALANCER CREATE_NETWORK_ACL UPDATE_NETWORK_ACL DELETE_NETWORK_ACL UPDATE_CONFIG WARM_IMAGE IMPORT_MANIFESTS";

/** An operation's kind is held to its words, as every other column of an enumeration is: answers that Postgres writes show stored words as they are. */
export class OperationKindsMigration extends Migration {
  override up(): void {
    this.addSql(`alter table operation add constraint operation_kind_check check (kind in (${KINDS.split(" ").map((kind) => `'${kind}'`).join(", ")}))`);
  }
}
