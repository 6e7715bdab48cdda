import type { Region as RegionRow } from "../../server/entities/region.ts";
import { builder } from "../builder.ts";

/** One made-up row: a tenant's. Everything in it is counted when asked for. */
export interface OverviewRow {
  readonly id: string;
}
export const Overview = builder.entity<OverviewRow>("Overview", {
  access: "VIEWER",
  source: { from: "(select app.tenant_id() as id where app.tenant_id() is not null)", columns: { id: { name: "id", type: "uuid" } } },
});
/** A region as the overview shows it. */
export const RegionOverview = builder.entity<RegionRow>("RegionOverview", { access: "VIEWER", entity: "Region" });
