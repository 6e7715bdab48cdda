import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { selfSigned } from "#tests/support/certificate.ts";
import { eventually } from "#tests/support/eventually.ts";
import { filesWith, holders, holds, tablesWith } from "#tests/support/canary.ts";
import { type ServerProcess, startServer } from "#tests/support/server.ts";

/**
 * Secrets stay in: values that can be recognised go through every mutation that takes them, accepted, refused and broken in every way, and are then looked for
 * in all answers, in all that was logged, in a dump of the whole database, and in its files.
 */
const canary = (): string => `canary${randomBytes(18).toString("hex")}`;
/** Of Secrets: nowhere. */
const secrets: string[] = [];
/** Of ConfigMaps, which whoever may read the tenant may read: in their own table, and nowhere else. */
const configs: string[] = [];
const secret = (): string => secrets[secrets.push(canary()) - 1] as string;
const config = (): string => configs[configs.push(canary()) - 1] as string;

let server: ServerProcess;
let viewerToken: string;
/** What came back, but for what revealSecret was asked for. */
const answers: string[] = [];

interface Payload {
  readonly configMap?: { id: string } | null;
  readonly secret?: { id: string } | null;
  readonly data?: { key: string; value: string }[];
  readonly userErrors: readonly { code: string; message: string }[];
}

async function post(body: unknown, token = server.token, kept = true): Promise<{ data?: Record<string, Payload> | null; errors?: { extensions: { code: string } }[] }> {
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  if (kept) answers.push(text);
  return JSON.parse(text) as never;
}
const SELECTIONS: Readonly<Record<string, string>> = {
  createConfigMap: "configMap { id keys version } operation { id }", updateConfigMap: "configMap { id keys version } operation { id }", deleteConfigMap: "deletedId",
  createSecret: "secret { id keys type version description } operation { id }", updateSecret: "secret { id keys version } operation { id }", deleteSecret: "deletedId",
  createApplication: "application { id }", revealSecret: "data { key value }", importManifests: "objects { kind name outcome message warnings }",
};
const INPUTS: Readonly<Record<string, string>> = { deleteConfigMap: "DeleteInput", deleteSecret: "DeleteInput" };
const documentOf = (name: string): string =>
  `mutation ($input: ${INPUTS[name] ?? `${name[0]?.toUpperCase()}${name.slice(1)}Input`}!) { ${name}(input: $input) { ${SELECTIONS[name]} userErrors { __typename code message path } } }`;
async function call(name: string, input: object, options: { token?: string; kept?: boolean } = {}): Promise<Payload> {
  const { data, errors } = await post({ query: documentOf(name), variables: { input } }, options.token, options.kept);
  const payload = data?.[name];
  if (!payload) throw new Error(`${name}: ${JSON.stringify(errors)}`);
  return payload;
}
const accepted = async (name: string, input: object): Promise<Payload> => {
  const payload = await call(name, input);
  expect(payload.userErrors).toEqual([]);
  return payload;
};
const refused = async (code: string, name: string, input: object): Promise<void> => expect((await call(name, input)).userErrors.map((error) => error.code)).toContain(code);
const failed = async (code: string, body: unknown, token?: string): Promise<void> => expect((await post(body, token)).errors?.map(({ extensions }) => extensions.code)).toContain(code);

/** As events, and over a WebSocket: what comes back is kept. */
async function stream(body: object): Promise<void> {
  const headers = { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${server.token}` };
  const text = await (await fetch(`${server.url}/graphql`, { method: "POST", headers, body: JSON.stringify(body) })).text();
  expect(text).toContain("BAD_USER_INPUT");
  answers.push(text);
}
async function socket(payload: object): Promise<void> {
  const opened = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  const answer = await new Promise<string>((resolve, reject) => {
    opened.on("error", reject);
    opened.on("open", () => opened.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${server.token}` } })));
    opened.on("message", (data: Buffer) => {
      const text = data.toString();
      if (text.includes("connection_ack")) opened.send(JSON.stringify({ id: "1", type: "subscribe", payload }));
      else resolve(text);
    });
  });
  opened.close();
  expect(answer).toContain("BAD_USER_INPUT");
  answers.push(answer);
}
async function token(name: string, more: string): Promise<{ secret: string }> {
  const { data } = (await post({ query: `mutation { createApiToken(input: { name: "${name}", ${more} }) { secret userErrors { message } } }` }, undefined, false)) as unknown as { data: { createApiToken: { secret: string } } };
  return data.createApiToken;
}

const entry = (value: string, key = "password") => [{ key, value }];

beforeAll(async () => {
  server = await startServer({ env: { LOG_LEVEL: "trace", SELVEDGE_FLEET: "tiny" } });
  const { data } = (await post({ query: 'mutation { createApiToken(input: { name: "viewer", role: VIEWER }) { secret } }' }, undefined, false)) as unknown as { data: { createApiToken: { secret: string } } };
  viewerToken = data.createApiToken.secret;
}, 120_000);
afterAll(() => server.dispose(), 60_000);

test("the checkers find what is planted, in every form that it could have", async () => {
  const value = canary();
  const bytes = Buffer.from(value);
  for (const text of [value, `x${value}y`, bytes.toString("hex").toUpperCase(), ...[0, 1, 2].map((n) => Buffer.from(`${"x".repeat(n)}${value}after`).toString("base64"))]) expect(holds(text, value)).toBe(true);
  expect(holds(canary(), value)).toBe(false);

  const client = await server.sql();
  expect(await tablesWith(client, [value])).toEqual(new Map());
  // Rolled back each: what is found here must not be found below.
  for (const [table, statement] of [
    ["audit_entry", `insert into audit_entry (tenant_id, id, at, actor, action, outcome, input) select id, gen_random_uuid(), now(), 'a', 'a', 'ACCEPTED', jsonb_build_object('a', $1::text) from tenant limit 1`],
    ["idempotency", `insert into idempotency (tenant_id, mutation, key, fingerprint, result, created_at) select id, 'm', 'k', encode(sha256($1::text::bytea), 'hex'), null, now() from tenant limit 1`],
    ["api_token", `insert into api_token (tenant_id, id, name, role, prefix, hash, created_at) select id, gen_random_uuid(), 'n', 'VIEWER', 'p', ('xy' || $1::text)::bytea, now() from tenant limit 1`],
    ["tenant", "insert into tenant (id, name, created_at) values (gen_random_uuid(), encode(('x' || $1::text || 'y')::bytea, 'base64'), now())"],
    ["graphile_worker._private_jobs", "select graphile_worker.add_job('sweep', json_build_object('a', $1::text), run_at => now() + interval '1 day')"],
  ] as const) {
    await client.query("begin");
    await client.query(statement, [value]);
    // Postgres breaks base64 into lines; what is kept by us is none.
    if (table === "tenant") await client.query("update tenant set name = replace(name, e'\\n', '')");
    expect((await tablesWith(client, [value])).get(value), table).toContain(table);
    await client.query("rollback");
  }
});

test("values of Secrets and ConfigMaps are in no answer, log, audit entry, job, event or column but their own", { timeout: 120_000 }, async () => {
  // Accepted, with a key and without, and once more.
  const input = { name: "db", namespace: "default", description: "the database", data: entry(secret()), idempotencyKey: "create" };
  const made = await accepted("createSecret", input);
  expect(await accepted("createSecret", input)).toEqual(made);
  const id = made.secret?.id ?? "";
  const update = { secretId: id, data: entry(secret()), expectedVersion: 1, idempotencyKey: "update" };
  await accepted("updateSecret", update);
  await accepted("updateSecret", update);
  const last = secret();
  await accepted("updateSecret", { secretId: id, data: [...entry(last), ...entry(secret(), "other")] });
  const tls = selfSigned("example.com");
  secrets.push(...(tls.key.match(/^[^-\n]{64}$/gm) ?? []));
  await accepted("createSecret", { name: "tls", namespace: "default", type: "TLS", data: [{ key: "tls.crt", value: tls.crt }, { key: "tls.key", value: tls.key }] });
  await accepted("createSecret", { name: "registry", namespace: "default", type: "REGISTRY", data: [{ key: "server", value: "registry.example" }, { key: "username", value: secret() }, ...entry(secret())] });
  const map = await accepted("createConfigMap", { name: "app", namespace: "default", data: entry(config()), idempotencyKey: "map" });
  const configMapId = map.configMap?.id ?? "";
  await accepted("updateConfigMap", { configMapId, data: entry(config()) });
  const removed = await accepted("createSecret", { name: "removed", namespace: "default", data: entry(secret()) });
  await accepted("deleteSecret", { id: removed.secret?.id, expectedVersion: 1 });

  // Refused, for every reason there is.
  await refused("IDEMPOTENCY_MISMATCH", "createSecret", { ...input, data: entry(secret()) });
  await refused("ALREADY_EXISTS", "createSecret", { name: "db", namespace: "default", data: entry(secret()) });
  await refused("CONFLICT", "updateSecret", { secretId: id, data: entry(secret()), expectedVersion: 1 });
  await refused("NOT_FOUND", "updateSecret", { secretId: "Secret.00000000-0000-7000-8000-000000000000", data: entry(secret()) });
  await refused("NOT_FOUND", "createSecret", { name: "x", namespace: "nowhere", data: entry(secret()) });
  await refused("NOT_FOUND", "revealSecret", { id, keys: ["nope"] });
  for (const data of [entry(secret(), "../etc"), [...entry(secret()), ...entry(secret())], entry(`${secret()}\0`), entry(`${secret()}${"x".repeat(1024 * 1024)}`), entry(`${secret()}\ud800`)]) {
    await refused("INVALID_ARGUMENT", "createSecret", { name: "bad", namespace: "default", data });
    await refused("INVALID_ARGUMENT", "updateSecret", { secretId: id, data });
    await refused("INVALID_ARGUMENT", "createConfigMap", { name: "bad", namespace: "default", data });
  }
  await refused("INVALID_ARGUMENT", "createSecret", { name: "bad", namespace: "default", type: "TLS", data: [{ key: "tls.crt", value: tls.crt }, { key: "tls.key", value: `${tls.key.slice(0, 60)}${secret()}` }] });
  await refused("INVALID_ARGUMENT", "createSecret", { name: "bad", namespace: "default", type: "TLS", data: [{ key: "tls.crt", value: tls.crt }, { key: "tls.key", value: selfSigned("other").key }] });
  await refused("INVALID_ARGUMENT", "createSecret", { name: "bad", namespace: "default", type: "REGISTRY", data: entry(secret()) });

  // Never run: not coerced, not parsed, not permitted, too much.
  for (const data of [[{ key: "a", value: { deep: secret() } }], [{ key: "a", value: [secret()] }], [{ value: secret() }], [{ key: "a", valeu: secret() }], secret(), { password: secret() }]) {
    await failed("BAD_USER_INPUT", { query: documentOf("createSecret"), variables: { input: { name: "bad", namespace: "default", data } } });
  }
  const inline = (value: string, more = ""): string => `mutation { createSecret(input: { name: "inline", namespace: "default", data: [{ key: "a", value: ${value} }] ${more} }) { secret { id } userErrors { message } } }`;
  expect((await post({ query: inline(JSON.stringify(secret())) })).errors).toBeUndefined();
  for (const query of [inline(`"${secret()}`), inline(secret()), inline(`"${secret()}"`, `nope: "${secret()}"`), `${inline(`"${secret()}"`)} }`]) expect((await post({ query })).errors?.length).toBeGreaterThan(0);
  await failed("FORBIDDEN", { query: documentOf("createSecret"), variables: { input: { name: "x", namespace: "default", data: entry(secret()) } } }, viewerToken);
  await failed("FORBIDDEN", { query: documentOf("revealSecret"), variables: { input: { id } } }, viewerToken);
  await failed("UNAUTHENTICATED", { query: documentOf("createSecret"), variables: { input: { name: "x", namespace: "default", data: entry(secret()) } } }, "slv_nobody");
  await post(`{"query": "${secret()}`);
  await post(`{"query": "{ tenant { id } }", "variables": {"password": ${secret()}}}`);
  for (const input of [secret(), { name: "x", namespace: "default", data: [{ key: "a", value: [secret()] }] }]) {
    const body = { query: documentOf("createSecret"), variables: { input } };
    await stream(body);
    await socket(body);
  }

  // By tokens that may not, each for a reason of its own.
  const other = (await post({ query: 'mutation { createNamespace(input: { name: "other" }) { userErrors { message } } }' })).errors;
  expect(other).toBeUndefined();
  const elsewhere = await token("elsewhere", "role: OPERATOR, namespaces: [\"other\"]");
  expect((await call("revealSecret", { id }, { token: elsewhere.secret })).userErrors.map(({ code }) => code)).toEqual(["NOT_FOUND"]);
  expect((await call("updateSecret", { secretId: id, data: entry(secret()) }, { token: elsewhere.secret })).userErrors.map(({ code }) => code)).toEqual(["NOT_FOUND"]);
  const soon = await token("soon", `role: OWNER, expiresAt: "${new Date(Date.now() + 1_500).toISOString()}"`);
  await eventually(async () => failed("UNAUTHENTICATED", { query: documentOf("revealSecret"), variables: { input: { id: "Secret.00000000-0000-7000-8000-000000000000" } } }, soon.secret));
  await failed("UNAUTHENTICATED", { query: documentOf("revealSecret"), variables: { input: { id } } }, soon.secret);

  const yaml = `apiVersion: v1\nkind: Secret\nmetadata: { name: imported }\nstringData: { password: ${secret()} }\n---\n{ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": ["${secret()}" }`;
  const { data: found } = (await post({ query: "{ clusters(first: 1) { nodes { id } } }" })) as unknown as { data: { clusters: { nodes: { id: string }[] } } };
  const distribution = { clusters: [{ clusterId: found.clusters.nodes[0]?.id, replicas: 1 }] };
  await call("importManifests", { yaml, namespace: "default", distribution });
  const head = "apiVersion: v1\nkind: Secret\nmetadata: { name: imported }\n";
  for (const text of [
    `stringData: { <<: ${secret()} }`, `data: { ? { a: ${secret()} } : "*" }`, `stringData: { a: &a ${secret()}, *a : b }`, `data: { a: "${secret()}*" }`, `stringData: { a: ${secret()}, a: ${secret()} }`,
    `stringData: { a: *${secret()} }`, `stringData: { a: [${secret()}] }`, `stringData: ${secret()}`, `type: kubernetes.io/tls\nstringData: { tls.crt: ${secret()}, tls.key: ${secret()} }`, `stringData: { a: ${secret()}${"x".repeat(1024 * 1024 - 200)} }`,
    `type: kubernetes.io/dockerconfigjson\nstringData: { .dockerconfigjson: '{"auths":{"r":{"auth":"${secret()}"}}}' }`, `type: kubernetes.io/dockerconfigjson\nstringData: { .dockerconfigjson: '{"auths":{"r":${secret()}' }`,
  ]) {
    await call("importManifests", { yaml: `${head}${text}`, namespace: "default", distribution, dryRun: text.length % 2 === 0 });
  }

  // Broken: Postgres' own words on a row that it refuses quote the row.
  const client = await server.sql();
  await client.query("alter table secret add constraint broken check (name <> 'broken'); alter table config_map add constraint broken check (name <> 'broken')");
  for (const [name, value] of [["createSecret", secret()], ["createConfigMap", config()]] as const) {
    await failed("INTERNAL", { query: documentOf(name), variables: { input: { name: "broken", namespace: "default", data: entry(value) } } });
  }
  await client.query("alter table revision add constraint broken check (template_hash = '') not valid");
  await failed("INTERNAL", { query: documentOf("createApplication"), variables: { input: {
    name: "broken", namespace: "default", distribution,
    template: { containers: [{ name: "web", image: "shop/web:1", cpuMillis: 10, memoryMiB: 10, env: [{ name: "PASSWORD", source: { value: config() } }] }] },
  } } });
  await client.query("alter table secret drop constraint broken; alter table config_map drop constraint broken; alter table revision drop constraint broken");

  // Revealed, to whom may: this answer alone has it.
  expect((await call("revealSecret", { id }, { kept: false })).data).toContainEqual({ key: "password", value: last });
  await post({ query: "{ secrets(first: 50) { nodes { id name keys type version } } configMaps(first: 50) { nodes { name keys } } auditLog(first: 200) { nodes { action outcome targetName input } } operations(first: 50) { nodes { targetName error } } }" });

  const said = server.lines.join("\n");
  expect(said).toContain("broken");
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  const [answersWith, linesWith] = [holders(answers), holders(server.lines)];
  for (const value of secrets) {
    expect(answersWith(value)).toEqual([]);
    expect(linesWith(value)).toEqual([]);
    expect(holds(metrics, value)).toBe(false);
  }
  for (const value of configs) {
    expect(answersWith(value)).toEqual([]);
    expect(linesWith(value)).toEqual([]);
  }
  const places = await tablesWith(client, [...secrets, ...configs]);
  expect([...new Set([...places.values()].flat())]).toEqual(["config_map"]);
  for (const value of places.keys()) expect(configs).toContain(value);

  // As bytes on the disk, the write-ahead log and all: of a Secret nothing was ever written. (A ConfigMap's value shows that we look in the right place.)
  await client.query("checkpoint");
  const [shown] = configs as [string];
  expect([...(await filesWith(server.dataDirectory, [shown, ...secrets])).keys()]).toEqual([shown]);
});
