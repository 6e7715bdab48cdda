import { type DestinationStream, type Logger, pino } from "pino";
import pretty from "pino-pretty";

export interface LogOptions {
  readonly level: string;
  /** For people at a terminal; else JSON lines. */
  readonly pretty: boolean;
  /** The thread or role that logs. */
  readonly name: string;
  /** Tests look at what was written; default: standard error. Standard output is for what a start tells its user, and nothing else. */
  readonly destination?: DestinationStream;
}

/** Fields that hold a secret wherever they stand. */
const SECRET_FIELDS = ["token", "adminToken", "password", "secret", "authorization", "cookie", "encryptionKey", "previousKeys", "previousEncryptionKeys", "keyRing", "databaseUrl", "redisUrl", "hash"];
/** Secrets inside a text: our tokens, bearer headers, passwords in URLs. The last line of defence, for messages of libraries. */
const SECRET_TEXT = /slv_[\w-]{16,}|(?<=bearer )[\w.~+/=-]{16,}|(?<=:\/\/[^\s:@/"]{0,64}:)[^\s@/"]+(?=@)/gi;
const CENSOR = "[hidden]";

/** One JSON object a line, with UTC time and the level's name; pretty on a terminal. Writes synchronously: nothing is lost at an exit. */
export function createLogger(options: LogOptions): Logger {
  const destination = options.destination ?? (options.pretty ? pretty({ destination: 2, sync: true, ignore: "pid,hostname,name", translateTime: "SYS:HH:MM:ss.l" }) : pino.destination({ dest: 2, sync: true }));
  return pino(
    {
      name: options.name,
      level: options.level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: CENSOR },
      hooks: { streamWrite: (line) => line.replace(SECRET_TEXT, CENSOR) },
    },
    destination,
  );
}
