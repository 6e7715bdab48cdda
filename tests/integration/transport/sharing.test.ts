import { afterAll, describe, expect, it } from "vitest";
import { eventually } from "#tests/support/eventually.ts";
import { openSubscribedApi } from "#tests/support/subscribed-api.ts";

const { database, api, rows, bus, tenantId, namespaceId, token, connect, subscribe, message, wrote, close } = await openSubscribedApi();
afterAll(close);

const QUERY = "subscription ($after: String) { applications(after: $after) { cursor complete upserted { name description } } }";
const DEADLINE = { deadlineMs: 30_000 };

async function gauge(name: string): Promise<number> {
  const text = await (await fetch(`${api.url}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)`, "m").exec(text)?.[1] ?? Number.NaN);
}

describe("identical subscriptions", () => {
  it("are one stream, of which each viewer is told under its own id; who loses its token leaves the others alone", { timeout: 120_000 }, async () => {
    const { id } = await rows.application(tenantId, namespaceId, "shared");
    const tokens = await Promise.all(["first", "second", "third"].map((name) => token(tenantId, name, "VIEWER")));
    const sockets = await Promise.all(tokens.map(({ secret }) => connect(secret)));
    const cursors: string[] = [];
    for (const [n, raw] of sockets.entries()) {
      subscribe(raw, `s${n}`, QUERY, { after: cursors.at(-1) ?? null });
      cursors.push((await message<{ cursor: string }>(raw, `s${n}`, 0)).cursor);
    }
    await eventually(async () => expect(await gauge("selvedge_subscription_streams")).toBe(1), DEADLINE);
    expect(await gauge("selvedge_subscriptions")).toBe(3);

    const change = async (description: string): Promise<void> => {
      await database.admin.query("update application set description = $2 where id = $1", [id, description]);
      await wrote("application", [id]);
    };
    const told = (n: number, description: string): Promise<unknown> =>
      eventually(() => {
        const found = sockets[n]?.of(`s${n}`).find(({ type, payload }) => type === "next" && JSON.stringify(payload).includes(description));
        if (!found) throw new Error(`${n} was not told ${description}`);
        return found.payload;
      }, DEADLINE);
    await change("for all");
    const payloads = await Promise.all(sockets.map((_, n) => told(n, "for all")));
    // One cursor: they were told the same message.
    for (const payload of payloads) expect(payload).toEqual(payloads[0]);

    await database.admin.query("update api_token set revoked_at = now() where id = $1", [tokens[0]?.id]);
    bus.publish("tokens", tokens[0]?.id);
    await sockets[0]?.until("s0", "complete", DEADLINE.deadlineMs);
    expect(sockets[0]?.of("s0").at(-2)?.payload).toMatchObject({ errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
    await change("for those left");
    await Promise.all([told(1, "for those left"), told(2, "for those left")]);
    expect(JSON.stringify(sockets[0]?.received)).not.toContain("for those left");

    for (const raw of sockets) raw.socket.close();
    await eventually(async () => expect(await gauge("selvedge_subscription_streams")).toBe(0), DEADLINE);
  });
});
