import type { Live } from "../../server/realtime/live.ts";
import type { StateChange } from "../../server/realtime/state-stream.ts";
import { globalId } from "../../server/domain/ids.ts";
import { builder, type Entity } from "../builder.ts";
import type { Context } from "../context.ts";

/**
 * Subscriptions. A stream says which objects a message is about; the message's fields then read them, in a context that is made for this
 * message: a subscription outlives loaders and caches, and so does the question who is asking.
 */
builder.subscriptionType({ access: "VIEWER" });

const CHANGE =
  "snapshot: forget what you hold. A large one comes in several messages of at most 500 objects: only the first has snapshot, only the last complete. A resume cursor from an incomplete one starts it anew. Else: merge. removedIds: gone, or no longer matching the filter.";

/** `XsChange`: what a state stream of an entity's rows says. */
export const changeOf = <E extends object>(name: string, of: Entity<E>) =>
  builder.objectRef<StateChange>(name).implement({
    access: "VIEWER",
    description: CHANGE,
    fields: (t) => ({
      cursor: t.exposeString("cursor"),
      snapshot: t.exposeBoolean("snapshot"),
      complete: t.exposeBoolean("complete"),
      upserted: t.entities(of, ({ upserted }) => upserted),
      removedIds: t.pure({ type: ["ID"], from: ({ removed }) => removed.map((id) => globalId(of.name, id)) }),
      at: t.expose("at", { type: "DateTime" }),
    }),
  });

/** The stream of a field that loads one object for each message: what `t.entity` hands on to the field as its `subscribe`. */
export const following = <Args>(follow: (args: Args, context: Context) => ReturnType<Live["object"]> | Promise<ReturnType<Live["object"]>>) => ({
  subscribe: (_root: unknown, args: Args, context: Context) => follow(args, context),
});
/** A message of such a stream is the field's parent. */
export const followed = (message: unknown): string | null => (message as { readonly id: string | null }).id;
