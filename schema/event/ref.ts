import type { Event as EventRow } from "../../server/entities/event.ts";
import { builder } from "../builder.ts";

/** Lists of it follow the time, and nothing remembered would: no rows of the timeline are said to tell of it. */
export const Event = builder.entity<EventRow>("Event", { access: "VIEWER", totalCount: false, records: true });
