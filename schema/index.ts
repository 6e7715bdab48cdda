/** The whole schema: each domain's file adds to the one builder, then it is built. */
import { builder } from "./builder.ts";
import "./shared/scalars.ts";
import "./shared/node.ts";
import "./shared/user-errors.ts";
import "./identity/type.ts";
import "./identity/queries.ts";
import "./identity/mutations.ts";
import "./operation/type.ts";
import "./operation/queries.ts";
import "./operation/subscriptions.ts";
import "./fleet/type.ts";
import "./fleet/queries.ts";
import "./fleet/subscriptions.ts";
import "./application/type.ts";
import "./application/queries.ts";
import "./application/mutations.ts";
import "./application/namespace-mutations.ts";
import "./application/import.ts";
import "./application/subscriptions.ts";
import "./pod/type.ts";
import "./pod/queries.ts";
import "./pod/subscriptions.ts";
import "./network/type.ts";
import "./network/queries.ts";
import "./overview/type.ts";
import "./overview/queries.ts";

export const schema = builder.toSchema();
