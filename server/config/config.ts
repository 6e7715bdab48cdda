import path from "node:path";
import { isTicket } from "../domain/cluster-key.ts";
import { unknownSettings } from "./unknown.ts";

/**
 * Settings: the environment turned into one frozen value, or into the list of all that is wrong with it. Nothing else reads process.env.
 * Values of secrets never appear in a fault.
 */
export const ROLES = ["api", "worker", "gateway", "fleet"] as const;
export type ServerRole = (typeof ROLES)[number];

export const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** All there are: what is not here can't be read below, and of ours counts as misspelt. */
export const SETTINGS = [
  "HOST", "PORT", "DATABASE_URL", "REDIS_URL", "LOG_LEVEL", "SELVEDGE_DATA_DIR", "SELVEDGE_ROLE", "SELVEDGE_ADMIN_TOKEN", "SELVEDGE_ENCRYPTION_KEY",
  "SELVEDGE_PREVIOUS_ENCRYPTION_KEYS", "SELVEDGE_FLEET", "SELVEDGE_FLEET_SHARD", "SELVEDGE_GATEWAYS", "SELVEDGE_ENROLMENT_TICKET", "SELVEDGE_SEED", "SELVEDGE_SPEED", "SELVEDGE_ALLOWED_ORIGINS", "SELVEDGE_PUBLIC_URL", "SELVEDGE_REMEMBERED_MB",
] as const;
type Setting = (typeof SETTINGS)[number];

/** A plain value: it crosses to worker threads. */
export interface Config {
  readonly roles: readonly ServerRole[];
  readonly http: {
    readonly host: string;
    /** 0: any that is free. */
    readonly port: number;
    /** null: the server's own. */
    readonly allowedOrigins: readonly string[] | null;
    /** Where callers reach us, without a slash at its end; null: at the address that their connection came to. */
    readonly publicUrl: string | null;
  };
  readonly reads: {
    /** Of what is kept of answers at most; 0: nothing is. */
    readonly rememberedBytes: number;
  };
  /** Absolute. */
  readonly dataDirectory: string;
  /** null: the embedded Postgres. */
  readonly databaseUrl: string | null;
  /** null: the bus works inside this process only. */
  readonly redisUrl: string | null;
  /** null: derived, and kept in the data directory. */
  readonly adminToken: string | null;
  /** 32 bytes; null: generated in the data directory. */
  readonly encryptionKey: Uint8Array | null;
  /** What the key was before, 32 bytes each: they still open what is not yet under the present one. */
  readonly previousEncryptionKeys: readonly Uint8Array[];
  /** Of a fleet whose gateway is in another process. */
  readonly link: {
    /** ws:// or wss://, at least one. */
    readonly gateways: readonly string[];
    /** What it is enrolled with the first time. */
    readonly ticket: string | null;
  };
  readonly simulation: {
    /** A preset's name or a path. */
    readonly fleet: string;
    /** The part of it that runs here: 1/1 is all. */
    readonly shard: { readonly index: number; readonly of: number };
    readonly seed: number;
    /** Simulated seconds a second. */
    readonly speed: number;
  };
  readonly log: { readonly level: LogLevel; readonly pretty: boolean };
}

/** Everything that is wrong with the settings, a line each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.faults = faults;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface Surroundings {
  readonly workingDirectory: string;
  /** Standard error, where the log goes, is a terminal. */
  readonly terminal: boolean | undefined;
}

const MAX_SEED = 0xffff_ffff;
const MAX_SPEED = 3_600;
const MAX_SHARDS = 1_000;
const MAX_GATEWAYS = 32;
const MAX_REMEMBERED_MB = 65_536;
const MB = 1024 * 1024;
const TOKEN = /^[\x20-\x7e]{32,512}$/;
const KEY_BYTES = 32;

/** The settings of this process. */
export const readProcessConfig = (): Config => readConfig(process.env, { workingDirectory: process.cwd(), terminal: process.stderr.isTTY });

/** What was set for this process, and means nothing; null where all of it is known. */
export const unknownProcessSettings = (): string | null => unknownSettings(process.env, SETTINGS);

/** An empty variable counts as absent. Throws a ConfigError that names every fault. */
export function readConfig(env: Environment, { workingDirectory, terminal }: Surroundings): Config {
  const faults: string[] = [];
  const text = (name: Setting): string | null => env[name]?.trim() || null;
  const check = <T>(name: Setting, fallback: T, parse: (value: string) => T | Fault): T => {
    const value = text(name);
    if (value === null) return fallback;
    const parsed = parse(value);
    if (!(parsed instanceof Fault)) return parsed;
    faults.push(`${name} ${parsed.text}`);
    return fallback;
  };

  const databaseUrl = check<string | null>("DATABASE_URL", null, url(["postgres:", "postgresql:"]));
  const roles = check<readonly ServerRole[]>("SELVEDGE_ROLE", ROLES, roleList);
  const encryptionKey = check<Uint8Array | null>("SELVEDGE_ENCRYPTION_KEY", null, key);
  const works = needsDatabase(roles);
  if (works && text("DATABASE_URL") !== null && text("SELVEDGE_ENCRYPTION_KEY") === null) {
    faults.push("SELVEDGE_ENCRYPTION_KEY is needed together with DATABASE_URL: 32 bytes in base64, the same for every process");
  }
  if (works && text("DATABASE_URL") === null && roles.length < ROLES.length) {
    faults.push("DATABASE_URL is needed when SELVEDGE_ROLE is neither all nor fleet: the embedded database serves one process");
  }
  const config: Config = {
    roles,
    http: {
      host: text("HOST") ?? "127.0.0.1",
      port: check("PORT", 4000, whole(0, 65_535)),
      allowedOrigins: check<readonly string[] | null>("SELVEDGE_ALLOWED_ORIGINS", null, origins),
      publicUrl: check<string | null>("SELVEDGE_PUBLIC_URL", null, publicUrl),
    },
    reads: { rememberedBytes: check("SELVEDGE_REMEMBERED_MB", 64, whole(0, MAX_REMEMBERED_MB)) * MB },
    dataDirectory: path.resolve(workingDirectory, text("SELVEDGE_DATA_DIR") ?? ".selvedge"),
    databaseUrl,
    redisUrl: check<string | null>("REDIS_URL", null, url(["redis:", "rediss:"])),
    adminToken: check<string | null>("SELVEDGE_ADMIN_TOKEN", null, (value) =>
      TOKEN.test(value) ? value : new Fault("must have 32 to 512 characters, such as an HTTP header can carry (printable ASCII)"),
    ),
    encryptionKey,
    previousEncryptionKeys: check<readonly Uint8Array[]>("SELVEDGE_PREVIOUS_ENCRYPTION_KEYS", [], keyList),
    link: {
      gateways: check<readonly string[]>("SELVEDGE_GATEWAYS", ["ws://127.0.0.1:4000/agent"], gatewayList),
      ticket: check<string | null>("SELVEDGE_ENROLMENT_TICKET", null, (value) => (isTicket(value) ? value : new Fault("must be a ticket as npm run selvedge -- enrol prints it: slvt_ and 43 characters"))),
    },
    simulation: {
      fleet: text("SELVEDGE_FLEET") ?? "china",
      shard: check("SELVEDGE_FLEET_SHARD", { index: 1, of: 1 }, shard),
      seed: check("SELVEDGE_SEED", 1, whole(0, MAX_SEED)),
      speed: check("SELVEDGE_SPEED", 1, speed),
    },
    log: { level: check<LogLevel>("LOG_LEVEL", "info", oneOf(LOG_LEVELS)), pretty: terminal === true },
  };
  if (faults.length > 0) throw new ConfigError(faults);
  return deepFreeze(config);
}

/** A fleet alone knows nothing of it. */
export const needsDatabase = (roles: readonly ServerRole[]): boolean => roles.some((role) => role !== "fleet");

class Fault {
  readonly text: string;

  constructor(message: string) {
    this.text = message;
  }
}

const whole =
  (least: number, most: number) =>
  (value: string): number | Fault => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    return number >= least && number <= most ? number : new Fault(`must be a whole number from ${least} to ${most}, not "${value}"`);
  };

function speed(value: string): number | Fault {
  const number = Number(value);
  return number > 0 && number <= MAX_SPEED ? number : new Fault(`must be a number above 0 and up to ${MAX_SPEED}, not "${value}"`);
}

const oneOf =
  <T extends string>(values: readonly T[]) =>
  (value: string): T | Fault =>
    (values as readonly string[]).includes(value) ? (value as T) : new Fault(`must be one of ${values.join(", ")}, not "${value}"`);

/** Its value may hold a password, so the fault does not repeat it. */
const url =
  (protocols: readonly string[]) =>
  (value: string): string | Fault =>
    URL.canParse(value) && protocols.includes(new URL(value).protocol) ? value : new Fault(`must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`);

function publicUrl(value: string): string | Fault {
  const { protocol, username, password, origin, pathname, search, hash } = URL.canParse(value) ? new URL(value) : new URL("about:blank");
  const isPlain = ["http:", "https:"].includes(protocol) && username + password + search + hash === "";
  return isPlain ? `${origin}${pathname.replace(/\/+$/, "")}` : new Fault("must be the URL that callers reach the server at, such as https://selvedge.example.com: no user, no question mark");
}

function roleList(value: string): readonly ServerRole[] | Fault {
  const names = value.split(",").map((name) => name.trim());
  if (names.includes("all")) return names.length === 1 ? ROLES : new Fault(`is either all or some of ${ROLES.join(", ")}, not both`);
  const unknown = names.filter((name) => !(ROLES as readonly string[]).includes(name));
  if (unknown.length > 0) return new Fault(`must be all, or some of ${ROLES.join(", ")} with commas, not "${value}"`);
  return ROLES.filter((role) => names.includes(role));
}

function key(value: string): Uint8Array | Fault {
  const bytes = Buffer.from(value, "base64");
  const canonical = bytes.toString("base64").replace(/=+$/, "") === value.replace(/=+$/, "");
  return canonical && bytes.length === KEY_BYTES ? Uint8Array.from(bytes) : new Fault(`must be ${KEY_BYTES} bytes in base64 (openssl rand -base64 ${KEY_BYTES})`);
}

function keyList(value: string): readonly Uint8Array[] | Fault {
  const keys: Uint8Array[] = [];
  for (const text of value.split(",")) {
    const one = key(text.trim());
    if (one instanceof Fault) return new Fault(`must be keys as in SELVEDGE_ENCRYPTION_KEY, with commas: each ${one.text}`);
    keys.push(one);
  }
  return keys;
}

function shard(value: string): { index: number; of: number } | Fault {
  const [, index, of] = (/^(\d{1,4})\/(\d{1,4})$/.exec(value) ?? []).map(Number);
  return index !== undefined && of !== undefined && index >= 1 && index <= of && of <= MAX_SHARDS ? { index, of } : new Fault(`must be a part of a whole such as 1/2, of at most ${MAX_SHARDS}, not "${value}"`);
}

/** A URL may hold a password: the fault does not repeat it. */
function gatewayList(value: string): readonly string[] | Fault {
  const urls = value.split(",").map((each) => each.trim());
  const isRight = (text: string): boolean => URL.canParse(text) && ["ws:", "wss:"].includes(new URL(text).protocol) && new URL(text).hash === "";
  return urls.length <= MAX_GATEWAYS && urls.every(isRight) ? urls : new Fault(`must be at most ${MAX_GATEWAYS} URLs with commas, each as ws://127.0.0.1:4000/agent or wss://…`);
}

function origins(value: string): readonly string[] | Fault {
  const list = value.split(",").map((origin) => origin.trim());
  const wrong = list.filter((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  return wrong.length === 0 ? list : new Fault(`must be origins such as https://console.example.com with commas, not ${wrong.map((origin) => `"${origin}"`).join(", ")}`);
}

function deepFreeze<T>(value: T): T {
  // Bytes can't be frozen.
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
