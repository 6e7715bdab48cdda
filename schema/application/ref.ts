import type { Application as ApplicationRow } from "../../server/entities/application.ts";
import type { Namespace as NamespaceRow } from "../../server/entities/namespace.ts";
import type { Placement as PlacementRow } from "../../server/entities/placement.ts";
import type { Revision as RevisionRow } from "../../server/entities/revision.ts";
import { builder } from "../builder.ts";

export const Namespace = builder.entity<NamespaceRow>("Namespace", { access: "VIEWER" });
export const Application = builder.entity<ApplicationRow>("Application", { access: "VIEWER" });
export const Revision = builder.entity<RevisionRow>("Revision", { access: "VIEWER" });
export const Placement = builder.entity<PlacementRow>("Placement", { access: "VIEWER" });
