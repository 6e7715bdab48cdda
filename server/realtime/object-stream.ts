import type { ObjectState, ObjectWatch, StreamParts } from "./state-stream.ts";
import { rest } from "./rest.ts";

/** One subscription to one object. */
export async function* followObject(watch: ObjectWatch, { fanout, matcher, timing, viewer, signal }: StreamParts): AsyncGenerator<ObjectState, void, undefined> {
  const { type, id, kinds, concernedBy, ended } = watch;
  if (id === null) return yield { id: null };
  const among = [id];
  const subscriber = fanout.subscribe({ tenantId: viewer().tenantId, kinds, only: new Set(among) });
  const shows = async (args: Readonly<Record<string, unknown>>): Promise<boolean> => (await matcher(viewer()).matching(type, args, { among, limit: 1 })).length > 0;
  try {
    for (;;) {
      subscriber.take();
      // Asked before the object is read for the message: what has ended stays so, hence the last message shows the end.
      const over = ended !== undefined && (await shows(ended));
      const exists = over || (await shows({}));
      yield { id: exists ? id : null };
      if (over || !exists) return;
      const sent = performance.now();
      let looked = sent;
      for (let due = false; !due; ) {
        await subscriber.wait(sent + timing.heartbeatMs - performance.now(), signal);
        await rest(looked + timing.gatherMs - performance.now(), signal);
        if (signal.aborted) return;
        looked = performance.now();
        const { ids, apart, everything } = subscriber.take();
        due = everything || ids.size > 0 || looked - sent >= timing.heartbeatMs;
        if (!due && concernedBy && apart.size > 0) due = await shows(concernedBy([...apart]));
      }
    }
  } finally {
    subscriber.close();
  }
}
