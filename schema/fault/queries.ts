import { builder } from "../builder.ts";
import { sql, time } from "../shared/mapping/sql.ts";
import { Fault } from "./ref.ts";

builder.queryFields((t) => ({
  faults: t.list(Fault, {
    access: "PLATFORM_ADMIN",
    description: "PLATFORM_ADMIN. Faults in force, the newest first.",
    where: (fault, _args, { now }) => sql`${fault.endedAt} is null and ${fault.endsAt} > ${time(now)}`,
    order: ["-startsAt", "-id"],
  }),
}));
