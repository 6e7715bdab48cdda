import { uuidOf } from "../../server/domain/ids.ts";
import { RequestError } from "../../server/domain/request-error.ts";
import { builder } from "../builder.ts";
import { every, nothing, sql, text, uuid } from "../shared/mapping/sql.ts";
import { applicationConditions, ApplicationFilter, ApplicationOrder, applicationOrder, namespacesNamed } from "./filter.ts";
import { Application, Namespace } from "./ref.ts";

builder.queryFields((t) => ({
  namespaces: t.pageOf(Namespace),
  applications: t.pageOf(Application, {
    args: { filter: t.arg({ type: ApplicationFilter }), orderBy: t.arg({ type: ApplicationOrder }) },
    where: (application, { filter }) => applicationConditions(application, filter),
    order: ({ orderBy }) => applicationOrder(orderBy),
  }),
  application: t.find(Application, {
    description: "By id, or by namespace and name.",
    args: { id: t.arg.id(), namespace: t.arg.string(), name: t.arg.string() },
    where: (application, { id, namespace, name }) => {
      if (id == null && (namespace == null || name == null)) throw new RequestError("BAD_USER_INPUT", "An application is asked for by its id, or by its namespace and name");
      const key = id == null ? null : uuidOf("Application", id);
      if (id != null && key === null) return nothing;
      return every([
        key === null ? null : sql`${application.id} = ${uuid(key)}`,
        namespace == null ? null : sql`${application.namespaceId} in (${namespacesNamed([namespace])})`,
        name == null ? null : sql`${application.name} = ${text(name)}`,
      ]);
    },
  }),
}));
