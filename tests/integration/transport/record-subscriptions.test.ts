import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { EVENTS_KEPT_DAYS } from "#server/domain/events.ts";
import { eventually } from "#tests/support/eventually.ts";
import { partsOf } from "#tests/support/record-history.ts";
import { openSubscribedApi } from "#tests/support/subscribed-api.ts";

/** The promises of streams of records as a client sees them on the wire; which records are told is what tests/integration/realtime/record-streams.test.ts is about. */
interface Batch {
  readonly cursor: string;
  readonly events: readonly { readonly reason: string }[];
}
interface Payload {
  readonly data?: { readonly events: Batch };
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
}
interface Told {
  readonly payloads: Payload[];
  /** Resolves when the stream is over. */
  readonly over: Promise<unknown>;
}

const { database, api, rows, bus, tenantId, namespaceId, token, connect, subscribe, close } = await openSubscribedApi();
afterAll(close);

const QUERY = "subscription ($after: String, $filter: EventFilter) { events(after: $after, filter: $filter) { cursor events { reason } } }";
const DEADLINE = { deadlineMs: 30_000 };
const REVOKED_MS = 5_000;
const HEARTBEAT_MS = 15_000;
const reasonsOf = ({ payloads }: Told): string[] => payloads.flatMap(({ data }) => data?.events.events.map(({ reason }) => reason) ?? []);
const codesOf = ({ payloads }: Told): string[] => payloads.flatMap(({ errors }) => errors?.map(({ extensions }) => extensions.code) ?? []);

/** Ends what a test has opened: whoever still follows would be told what the next one stores. */
const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

async function overSocket(secret: string, variables: object = {}): Promise<Told> {
  const raw = await connect(secret);
  endings.push(() => raw.socket.terminate());
  subscribe(raw, "s", QUERY, variables);
  return {
    get payloads() {
      return raw.of("s").filter(({ type }) => type !== "complete").map(({ payload }): Payload => payload ?? {});
    },
    over: raw.until("s", "complete", 60_000),
  };
}

async function overEventStream(secret: string, variables: object = {}): Promise<Told> {
  const ending = new AbortController();
  endings.push(() => ending.abort());
  const { body } = await fetch(`${api.url}/graphql`, {
    method: "POST",
    signal: ending.signal,
    headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${secret}` },
    body: JSON.stringify({ query: QUERY, variables }),
  });
  const payloads: Payload[] = [];
  const over = (async () => {
    let text = "";
    for await (const chunk of (body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream())) {
      const events = (text + chunk).split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) if (event.includes("event: next")) payloads.push(JSON.parse(/^data: ?(.*)$/m.exec(event)?.[1] ?? "null") as Payload);
    }
  })();
  over.catch(() => undefined);
  return { payloads, over };
}

const TRANSPORTS = [["a WebSocket", overSocket], ["an event stream", overEventStream]] as const;

let clusterId: string;
const namespaces = new Map<string, string>();
beforeAll(async () => {
  clusterId = await rows.cluster(await rows.region("records"), "records-1");
  namespaces.set("default", namespaceId);
  for (const name of ["shop", "office"]) namespaces.set(name, await rows.namespace(tenantId, name));
});

/** One event of an application of this namespace, with this reason. */
async function happen(reason: string, namespace = "default", at = new Date()): Promise<void> {
  const of = namespaces.get(namespace) ?? "";
  const event = await rows.event({ tenantId, namespaceId: of, applicationId: of }, clusterId, at.toISOString(), { reason });
  await database.admin.query("insert into timeline (tenant_id, cluster_id, kind, ids, owner_ids, at) values ($1, $2, 'event', $3, $4, now())", [tenantId, clusterId, [event], [of]]);
  bus.publish("timeline");
}
const begun = (told: Told): Promise<void> => eventually(() => expect(told.payloads.length, JSON.stringify(told.payloads)).toBeGreaterThan(0), DEADLINE);
const isTold = (told: Told, reason: string): Promise<void> => eventually(() => expect(reasonsOf(told)).toContain(reason), DEADLINE);

describe.each(TRANSPORTS)("a stream of records over %s", (_name, open) => {
  it("ends within 5 s of its token's revocation, and of what is stored then it is told nothing", async () => {
    const { id, secret } = await token(tenantId, `revocable ${_name}`, "VIEWER");
    const [told, witness] = [await open(secret), await open((await token(tenantId, `stays ${_name}`, "VIEWER")).secret)];
    await Promise.all([begun(told), begun(witness)]);
    await happen("Before");
    await isTold(told, "Before");
    const revoked = performance.now();
    // Nobody is told of it: it is looked up.
    await database.admin.query("update api_token set revoked_at = now() where id = $1", [id]);
    await told.over;
    expect(performance.now() - revoked).toBeLessThan(REVOKED_MS);
    expect(codesOf(told)).toEqual(["UNAUTHENTICATED"]);
    await happen("After");
    await isTold(witness, "After");
    expect(reasonsOf(told)).toEqual(["Before"]);
  });

  it("tells nothing more of a namespace that its token has lost, also of what was stored while it had it", async () => {
    const { id, secret } = await token(tenantId, `narrowed ${_name}`, "VIEWER", { namespaces: ["shop", "office"] });
    const told = await open(secret);
    await begun(told);
    await happen("Sold", "shop");
    await happen("Filed", "office");
    await isTold(told, "Filed");
    await happen("Elsewhere");
    const before = told.payloads.at(-1)?.data?.events.cursor;
    await database.admin.query("update api_token set namespaces = '{office}' where id = $1", [id]);
    bus.publish("tokens", id);
    // Until the token is looked up it may be told.
    let round = 0;
    await eventually(async () => {
      const [lost, kept] = [`Sold${(round += 1)}`, `Filed${round}`];
      await happen(lost, "shop");
      await happen(kept, "office");
      await isTold(told, kept);
      expect(reasonsOf(told)).not.toContain(lost);
    }, DEADLINE);
    const resumed = await open(secret, { after: before });
    await isTold(resumed, `Filed${round}`);
    expect(reasonsOf(resumed)).toEqual(Array.from({ length: round }, (_, index) => `Filed${index + 1}`));
    expect(reasonsOf(told)).not.toContain("Elsewhere");
  });

  it("says CURSOR_EXPIRED behind a cursor that is older than what is kept, and of a database that was restored since", async () => {
    const { secret } = await token(tenantId, `late ${_name}`, "VIEWER");
    const told = await open(secret);
    await begun(told);
    const [of, time, id, term, seen, knownAt, xid] = partsOf(told.payloads[0]?.data?.events.cursor ?? "") as [string, string, string, string, string, string, string];
    const cursorOf = (...parts: readonly string[]): string => Buffer.from(`[${parts.map((part) => JSON.stringify(part)).join(", ")}]`).toString("base64url");
    const kept = EVENTS_KEPT_DAYS * 86_400_000;
    const old = new Date(Date.now() - kept).toISOString().slice(0, -1).replace("T", " ");
    for (const [after, codes] of [
      [cursorOf(of, time, id, term, seen, String(Number(knownAt) - kept), xid), ["CURSOR_EXPIRED"]],
      // Of a list: what it shows was there when its page was read.
      [cursorOf(of, old, id, term, `${xid}:${xid}:`), ["CURSOR_EXPIRED"]],
      [cursorOf(of, time, id, String(Number(term) + 1), seen, knownAt, xid), ["CURSOR_EXPIRED"]],
      [cursorOf(of, time, id, term, seen, knownAt, "999999999999"), ["CURSOR_EXPIRED"]],
      ["hunter2", ["BAD_USER_INPUT"]],
      [cursorOf(of, time, id, term, seen, String(Number(knownAt) - kept + 3_600_000), xid), []],
    ] as const) {
      const late = await open(secret, { after });
      await begun(late);
      expect(codesOf(late), after).toEqual(codes);
      if (codes.length > 0) await late.over;
    }
  });
});

describe("a stream of records", () => {
  it("sends something at least every 15 s, though nothing happens", { timeout: 40_000 }, async () => {
    const { secret } = await token(tenantId, "idle", "VIEWER");
    const told = await Promise.all(TRANSPORTS.map(([, open]) => open(secret, { filter: { reasons: ["None"] } })));
    await Promise.all(told.map(begun));
    const began = performance.now();
    await eventually(() => expect(told.map(({ payloads }) => payloads.length > 1)).toEqual([true, true]), DEADLINE);
    expect(performance.now() - began).toBeLessThan(HEARTBEAT_MS);
    expect(told.map(reasonsOf)).toEqual([[], []]);
  });

  it("makes no more than a few messages for a reader that takes none, and tells it all once it does", { timeout: 60_000 }, async () => {
    const ROWS = 20_000;
    const { secret } = await token(tenantId, "slow", "VIEWER");
    const raw = await connect(secret);
    subscribe(raw, "s", "subscription { events(filter: { reasons: [\"Long\"] }) { events { count message } } }");
    await raw.until("s", "next");
    raw.socket.pause();
    await database.admin.query(
      `with stored as (
         insert into event (cluster_id, id, at, first_at, type, reason, message, count, object_kind, object_id, object)
         select $1, gen_random_uuid(), now() + n * interval '1 millisecond' - interval '1 minute', now(), 'NORMAL', 'Long', repeat('x', 4000), n, 'cluster', $1, 'cluster/it' from generate_series(1, $2::int) n returning id)
       insert into timeline (cluster_id, kind, ids, at) select $1, 'event', array_agg(id), now() from stored`, [clusterId, ROWS]);
    bus.publish("timeline");
    const delivered = async (): Promise<number> => Number(/^selvedge_subscription_messages_total\{[^}]*transport="websocket"[^}]*\} (\d+)/m.exec(await (await fetch(`${api.url}/metrics`)).text())?.[1]);
    const start = await delivered();
    // All are a hundred of 0.8 MB; what the kernel's buffers on both sides took in are a few.
    const made = await eventually(async () => {
      const before = await delivered();
      expect(before).toBeGreaterThan(start);
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await delivered()).toBe(before);
      return before - start;
    }, DEADLINE);
    expect(made).toBeLessThan(50);
    raw.socket.resume();
    const counts = (): number[] => raw.of("s").flatMap(({ payload }) => ((payload ?? {}) as { data?: { events: { events: { count: number }[] } } }).data?.events.events.map(({ count }) => count) ?? []);
    await eventually(() => expect(counts().length).toBeGreaterThanOrEqual(ROWS), { deadlineMs: 50_000, everyMs: 250 });
    expect(counts()).toEqual(Array.from({ length: ROWS }, (_, index) => index + 1));
  });
});
