import type { Application as ApplicationRow } from "../../server/entities/application.ts";
import type { Namespace as NamespaceRow } from "../../server/entities/namespace.ts";
import type { Placement as PlacementRow } from "../../server/entities/placement.ts";
import type { Revision as RevisionRow } from "../../server/entities/revision.ts";
import { builder } from "../builder.ts";

export const Namespace = builder.entity<NamespaceRow>("Namespace", { access: "VIEWER", told: { kind: "namespace" } });
export const Application = builder.entity<ApplicationRow>("Application", { access: "VIEWER", told: { kind: "application" } });
/** Written once, with a change of its application, and gone with it. */
export const Revision = builder.entity<RevisionRow>("Revision", { access: "VIEWER", told: { kind: "application", by: "applicationId", owner: "applicationId" } });
export const Placement = builder.entity<PlacementRow>("Placement", { access: "VIEWER", told: { kind: "placement", owner: "applicationId" } });
