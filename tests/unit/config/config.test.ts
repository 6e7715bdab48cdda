import { describe, expect, test } from "vitest";
import { ConfigError, readConfig, SETTINGS } from "#server/config/config.ts";
import { unknownSettings } from "#server/config/unknown.ts";

const here = { workingDirectory: "/srv/selvedge", terminal: false };
const KEY = Buffer.alloc(32, 5).toString("base64");
const TICKET = `slvt_${"x".repeat(43)}`;

const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    readConfig(env, here);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
};

test("an empty environment gives the documented defaults", () => {
  expect(readConfig({}, here)).toEqual({
    roles: ["api", "worker", "gateway", "fleet"],
    http: { host: "127.0.0.1", port: 4000, allowedOrigins: null, publicUrl: null },
    reads: { rememberedBytes: 64 * 1024 * 1024 },
    dataDirectory: "/srv/selvedge/.selvedge",
    databaseUrl: null,
    redisUrl: null,
    adminToken: null,
    encryptionKey: null,
    previousEncryptionKeys: [],
    link: { gateways: ["ws://127.0.0.1:4000/agent"], ticket: null },
    simulation: { fleet: "china", shard: { index: 1, of: 1 }, seed: 1, speed: 1 },
    log: { level: "info", pretty: false },
  });
});

test("every setting is read", () => {
  const token = "t".repeat(32);
  const config = readConfig(
    {
      HOST: "::1",
      PORT: "0",
      DATABASE_URL: "postgres://me:pw@db/selvedge?sslmode=require",
      REDIS_URL: "rediss://cache:6380",
      SELVEDGE_DATA_DIR: "/data",
      SELVEDGE_ROLE: "fleet, gateway",
      SELVEDGE_ADMIN_TOKEN: token,
      SELVEDGE_ENCRYPTION_KEY: KEY,
      SELVEDGE_PREVIOUS_ENCRYPTION_KEYS: `${Buffer.alloc(32, 6).toString("base64")}, ${Buffer.alloc(32, 7).toString("base64")}`,
      SELVEDGE_FLEET: "./fleet.json",
      SELVEDGE_FLEET_SHARD: "2/3",
      SELVEDGE_GATEWAYS: "ws://a:4000/agent, wss://b/agent",
      SELVEDGE_ENROLMENT_TICKET: TICKET,
      SELVEDGE_SEED: "42",
      SELVEDGE_SPEED: "0.5",
      SELVEDGE_ALLOWED_ORIGINS: "https://a.example, http://localhost:5173",
      SELVEDGE_REMEMBERED_MB: "0",
      SELVEDGE_PUBLIC_URL: "https://edge.example/selvedge/",
      LOG_LEVEL: "debug",
    },
    { workingDirectory: "/", terminal: true },
  );
  expect(config).toEqual({
    roles: ["gateway", "fleet"],
    http: { host: "::1", port: 0, allowedOrigins: ["https://a.example", "http://localhost:5173"], publicUrl: "https://edge.example/selvedge" },
    reads: { rememberedBytes: 0 },
    dataDirectory: "/data",
    databaseUrl: "postgres://me:pw@db/selvedge?sslmode=require",
    redisUrl: "rediss://cache:6380",
    adminToken: token,
    encryptionKey: new Uint8Array(32).fill(5),
    previousEncryptionKeys: [new Uint8Array(32).fill(6), new Uint8Array(32).fill(7)],
    link: { gateways: ["ws://a:4000/agent", "wss://b/agent"], ticket: TICKET },
    simulation: { fleet: "./fleet.json", shard: { index: 2, of: 3 }, seed: 42, speed: 0.5 },
    log: { level: "debug", pretty: true },
  });
});

test("it is frozen to the bottom", () => {
  const config = readConfig({}, here);
  expect(() => Object.assign(config.http, { port: 1 })).toThrow(TypeError);
  expect(() => (config.roles as string[]).push("x")).toThrow(TypeError);
});

test("every fault is named at once, and none repeats a secret", () => {
  const faults = faultsOf({
    PORT: "70000",
    DATABASE_URL: "mysql://me:hunter2@db/x",
    REDIS_URL: "hunter3",
    SELVEDGE_ROLE: "api,cook",
    SELVEDGE_ADMIN_TOKEN: "hunter4",
    SELVEDGE_ENCRYPTION_KEY: "hunter5",
    SELVEDGE_PREVIOUS_ENCRYPTION_KEYS: `${KEY},hunter6`,
    SELVEDGE_GATEWAYS: "ws://a/agent,http://me:hunter7@b",
    SELVEDGE_ENROLMENT_TICKET: "hunter8",
    SELVEDGE_FLEET_SHARD: "3/2",
    SELVEDGE_SEED: "-1",
    SELVEDGE_SPEED: "fast",
    SELVEDGE_ALLOWED_ORIGINS: "https://a.example/path",
    LOG_LEVEL: "loud",
  });
  expect(faults.map((fault) => fault.split(" ")[0]).toSorted()).toEqual([
    "DATABASE_URL", "LOG_LEVEL", "PORT", "REDIS_URL", "SELVEDGE_ADMIN_TOKEN", "SELVEDGE_ALLOWED_ORIGINS", "SELVEDGE_ENCRYPTION_KEY", "SELVEDGE_ENROLMENT_TICKET", "SELVEDGE_FLEET_SHARD", "SELVEDGE_GATEWAYS", "SELVEDGE_PREVIOUS_ENCRYPTION_KEYS", "SELVEDGE_ROLE", "SELVEDGE_SEED", "SELVEDGE_SPEED",
  ]);
  expect(faults.join("\n")).not.toMatch(/hunter/);
});

describe("settings that need each other", () => {
  test("a database of one's own needs the key that its processes share", () => {
    expect(faultsOf({ DATABASE_URL: "postgres://db/x" })).toEqual([expect.stringMatching(/^SELVEDGE_ENCRYPTION_KEY is needed/)]);
  });
  test("a fleet alone needs neither a database nor a key, also where one is named", () => {
    expect(faultsOf({ SELVEDGE_ROLE: "fleet" })).toEqual([]);
    expect(faultsOf({ SELVEDGE_ROLE: "fleet", DATABASE_URL: "postgres://db/x" })).toEqual([]);
  });
  test("a part of the roles needs a database that others reach too", () => {
    expect(faultsOf({ SELVEDGE_ROLE: "api" })).toEqual([expect.stringMatching(/^DATABASE_URL is needed/)]);
    expect(faultsOf({ SELVEDGE_ROLE: "api,worker,gateway,fleet" })).toEqual([]);
    expect(faultsOf({ SELVEDGE_ROLE: "gateway" })).toEqual([expect.stringMatching(/^DATABASE_URL is needed/)]);
    for (const roles of ["api,fleet", "gateway", "worker,gateway"]) expect(faultsOf({ SELVEDGE_ROLE: roles, DATABASE_URL: "postgres://db/x", SELVEDGE_ENCRYPTION_KEY: KEY })).toEqual([]);
    expect(faultsOf({ SELVEDGE_ROLE: "api,worker", DATABASE_URL: "postgres://db/x", SELVEDGE_ENCRYPTION_KEY: KEY })).toEqual([]);
    expect(faultsOf({ SELVEDGE_ROLE: "all,api" })).toEqual([expect.stringMatching(/^SELVEDGE_ROLE/)]);
  });
});

test.each([
  ["PORT", "4000.5"], ["PORT", "1e3"], ["PORT", "-1"], ["PORT", "0x10"],
  ["SELVEDGE_SPEED", "0"], ["SELVEDGE_SPEED", "Infinity"], ["SELVEDGE_SPEED", "NaN"], ["SELVEDGE_SEED", "4294967296"],
  ["SELVEDGE_REMEMBERED_MB", "-1"], ["SELVEDGE_REMEMBERED_MB", "65537"], ["SELVEDGE_REMEMBERED_MB", "0.5"], ["SELVEDGE_REMEMBERED_MB", "64MB"],
  ["SELVEDGE_PUBLIC_URL", "edge.example"], ["SELVEDGE_PUBLIC_URL", "ftp://edge.example"], ["SELVEDGE_PUBLIC_URL", "https://me:pw@edge.example"], ["SELVEDGE_PUBLIC_URL", "https://edge.example/?x"],
  ["SELVEDGE_FLEET_SHARD", "0/2"], ["SELVEDGE_FLEET_SHARD", "2"], ["SELVEDGE_FLEET_SHARD", "1/1001"], ["SELVEDGE_FLEET_SHARD", "1.5/2"],
  ["SELVEDGE_GATEWAYS", "a:4000"], ["SELVEDGE_GATEWAYS", "ws://a/agent,"], ["SELVEDGE_GATEWAYS", "http://a/agent"], ["SELVEDGE_GATEWAYS", "ws://a/agent#x"],
  ["SELVEDGE_ENCRYPTION_KEY", Buffer.alloc(31).toString("base64")], ["SELVEDGE_ENCRYPTION_KEY", `${KEY}!`], ["SELVEDGE_PREVIOUS_ENCRYPTION_KEYS", `${KEY},`], ["SELVEDGE_PREVIOUS_ENCRYPTION_KEYS", `${KEY} ${KEY}`], ["SELVEDGE_ADMIN_TOKEN", "t".repeat(31)],
])("%s=%s is refused", (name, value) => {
  expect(faultsOf({ [name]: value })).toHaveLength(1);
});

describe("settings that nobody reads", () => {
  test.each([
    ["SELVEDGE_SPED", "no such setting, ignored: SELVEDGE_SPED (did you mean SELVEDGE_SEED or SELVEDGE_SPEED?)"],
    ["SELVEDGE_PORT", "no such setting, ignored: SELVEDGE_PORT (did you mean PORT?)"],
    ["SELVEDGE_LOGLEVEL", "no such setting, ignored: SELVEDGE_LOGLEVEL (did you mean LOG_LEVEL?)"],
    ["SELVEDGE_ROLES", "no such setting, ignored: SELVEDGE_ROLES (did you mean SELVEDGE_ROLE?)"],
    ["SELVEDGE_COLOUR_OF_THE_SKY", "no such setting, ignored: SELVEDGE_COLOUR_OF_THE_SKY"],
  ])("%s is told, without its value", (name, told) => {
    expect(unknownSettings({ [name]: "hunter2" }, SETTINGS)).toBe(told);
  });
  test("several are told in one line", () => {
    expect(unknownSettings({ SELVEDGE_SPED: "3", SELVEDGE_FLEAT: "tiny" }, SETTINGS)).toBe(
      "no such settings, ignored: SELVEDGE_FLEAT (did you mean SELVEDGE_FLEET?), SELVEDGE_SPED (did you mean SELVEDGE_SEED or SELVEDGE_SPEED?)",
    );
  });
  test("what is a setting, the command line's, or somebody else's is not", () => {
    const known = Object.fromEntries([...SETTINGS, "SELVEDGE_URL", "SELVEDGE_TOKEN", "PATH", "PROT"].map((name) => [name, "x"]));
    expect(unknownSettings(known, SETTINGS)).toBeNull();
  });
});
