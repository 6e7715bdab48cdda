import path from "node:path";
import type { Logger } from "pino";
import type { RunningServer } from "./app.ts";
import { keepCompiled, useCompiled } from "./compiled.ts";
import { type Config, ConfigError, needsDatabase, readProcessConfig, ROLES, unknownProcessSettings } from "./config/config.ts";
import { createLogger } from "./observability/logger.ts";

/**
 * The server's process. Exit codes: 0 stopped as asked, 1 it could not start or go on (one line on standard error says why).
 * The first SIGTERM, SIGINT or SIGHUP stops everything in order, the second at once.
 */
const STOP_DEADLINE_MS = 9_500;
/** Ctrl-C under npm arrives twice, from the terminal and from npm: only a later signal means that somebody is impatient. */
const SAME_SIGNAL_MS = 1_000;

async function main(): Promise<void> {
  let config: Config;
  try {
    config = readProcessConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return fail(error.faults);
  }
  const logger = createLogger({ level: config.log.level, pretty: config.log.pretty, name: "api" });
  const unknown = unknownProcessSettings();
  if (unknown !== null) logger.warn(unknown);
  const stopping = new AbortController();
  let server: RunningServer | null = null;
  let exitCode = 0;
  let stoppingSince = 0;
  /** Processes of ours that would outlive us. */
  const children: number[] = [];

  const leaveAtOnce = (message: string): never => {
    logger.warn(message);
    for (const pid of children) {
      try {
        process.kill(pid, "SIGQUIT");
      } catch {
        // It is gone already.
      }
    }
    process.exit(1);
  };

  const stop = async (): Promise<never> => {
    const late = setTimeout(() => leaveAtOnce("stopping took too long: stopped at once"), STOP_DEADLINE_MS);
    await server?.close();
    clearTimeout(late);
    logger.info("stopped");
    process.exit(exitCode);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) {
      if (performance.now() - stoppingSince > SAME_SIGNAL_MS) leaveAtOnce("stopped at once");
      return;
    }
    stoppingSince = performance.now();
    logger.info({ signal }, "stopping");
    stopping.abort();
    if (server !== null) void stop();
  };
  const onFatal = (error: Error): void => {
    logger.fatal({ err: error }, "the server can't go on");
    exitCode = 1;
    if (stopping.signal.aborted) return;
    stopping.abort();
    complain([error.message]);
    if (server !== null) void stop();
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  process.on("SIGHUP", onSignal);
  process.on("uncaughtException", onFatal);
  process.on("unhandledRejection", (reason) => onFatal(reason instanceof Error ? reason : new Error(String(reason))));

  try {
    // Loaded only now: bad settings are told at once.
    useCompiled(config.dataDirectory);
    const { startServer } = await import("./app.ts");
    server = await startServer({ config, logger, onFatal, onChild: (pid) => children.push(pid), signal: stopping.signal });
  } catch (error) {
    // Told to stop while it started, or a thread crashed, which has been told already.
    if (stopping.signal.aborted) process.exit(exitCode);
    logger.debug({ err: error }, "the server does not start");
    return fail([error instanceof Error ? error.message : String(error)]);
  }
  if (stopping.signal.aborted) return stop();
  announce(config, server, logger);
  keepCompiled(config.dataDirectory, logger);
}

function complain(lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`selvedge: ${line.replaceAll("\n", " ")}\n`);
}

function fail(lines: readonly string[]): never {
  complain(lines);
  process.exit(1);
}

/**
 * Where everything is: a table on standard output, whoever reads it and however little is logged. The token in it is the only secret that is
 * ever written; one that was set stays with whoever set it. Programs find the same, without the token, in one line of the log.
 */
function announce(config: Config, server: RunningServer, logger: Logger): void {
  const { url, secrets, fleetClusters } = server;
  const { fleet, speed } = config.simulation;
  const serves = config.roles.includes("api");
  const graphql = serves ? `${url}/graphql` : null;
  const database = !needsDatabase(config.roles) ? "no database" : config.databaseUrl === null ? "embedded Postgres" : "DATABASE_URL";
  const follows = config.roles.includes("fleet") && !config.roles.includes("gateway");
  const { index, of } = config.simulation.shard;
  const part = of === 1 ? "" : ` of part ${index}/${of}`;
  const seconds = Math.round(performance.now()) / 1_000;
  const token = secrets === null || !serves ? null : secrets.tokenFile === null ? "as set in SELVEDGE_ADMIN_TOKEN" : `${secrets.adminToken}  (kept in ${nearest(secrets.tokenFile)})`;
  const rows: [string, string | null][] = [
    ["Console", serves ? url : null],
    ["GraphiQL", graphql && `${graphql}  (in a browser)`],
    ["GraphQL", graphql && `${graphql}  (HTTP, server-sent events, WebSocket)`],
    ["Token", token],
    ["Data", `${config.dataDirectory}  (${database})`],
    ["Agents", config.roles.includes("gateway") && config.roles.length < ROLES.length ? `${url?.replace("http", "ws")}/agent` : null],
    ["Gateways", follows ? config.link.gateways.map(withoutPassword).join(", ") : null],
    ["Fleet", fleetClusters === null ? null : `${fleet}, ${fleetClusters} clusters${part}, ${follows ? "on the centre's clock" : `${speed} × real time`}`],
    ["Roles", config.roles.length === ROLES.length ? null : config.roles.join(", ")],
  ];
  const shown = rows.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(10)}${value}`]));
  // Whoever reads it may have seen enough and gone.
  process.stdout.on("error", (error) => logger.debug({ err: error }, "nobody reads where everything is"));
  process.stdout.write(`\nSelvedge is ready after ${seconds.toFixed(1)} s. Ctrl-C stops it.\n\n${shown.join("\n")}\n\n`);
  logger.info({ url, graphql, dataDirectory: config.dataDirectory, database, tokenFile: secrets?.tokenFile ?? null, fleet, clusters: fleetClusters, speed, roles: config.roles, seconds }, "ready");
}

/** A URL as it may be shown. */
function withoutPassword(text: string): string {
  const url = new URL(text);
  url.password = "";
  url.username = "";
  return url.href;
}

/** From here, where it lies below. */
function nearest(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith("..") ? file : relative;
}

await main();
