import { isIP } from "node:net";
import { GraphQLError } from "graphql";
import { builder } from "../builder.ts";

/** The contract's scalars. A refused value is never echoed: it could be a secret in the wrong place. */
const refuse = (message: string): never => {
  throw new GraphQLError(message, { extensions: { code: "BAD_USER_INPUT" } });
};
const string = (value: unknown, what: string): string => (typeof value === "string" ? value : refuse(`${what} must be a string`));

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** The moment that an RFC 3339 text names; days that do not exist are refused, not rolled over into the next month. */
export function parseDateTime(value: unknown): Date {
  const text = string(value, "A DateTime");
  const match = RFC_3339.exec(text);
  if (!match) return refuse("A DateTime must be RFC 3339 with a zone, e.g. 2026-01-31T12:00:00.000Z");
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const calendar = new Date(Date.UTC(year, month - 1, day));
  if (calendar.getUTCMonth() !== month - 1 || calendar.getUTCDate() !== day) return refuse("A DateTime must name a day that exists");
  const moment = new Date(text);
  // A zone may lead out of the years that have four digits, which nothing could show.
  if (moment.getUTCFullYear() < 1 || moment.getUTCFullYear() > 9999) return refuse("A DateTime must be in the years 0001 to 9999 of UTC");
  return moment;
}

builder.scalarType("DateTime", {
  description: "RFC 3339 in UTC with milliseconds, e.g. 2026-01-31T12:00:00.000Z.",
  specifiedByURL: "https://scalars.graphql.org/andimarek/date-time",
  serialize: (value) => (value instanceof Date ? value : new Date(value)).toISOString(),
  parseValue: parseDateTime,
});

/** An address as a number, or null. */
function addressBits(text: string): bigint | null {
  const version = isIP(text);
  if (version === 4) return text.split(".").reduce((bits, part) => (bits << 8n) | BigInt(Number(part)), 0n);
  if (version !== 6 || text.includes("%")) return null;
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const tail = dotted ? (addressBits(dotted[2] as string) as bigint) : 0n;
  const plain = dotted ? `${dotted[1]}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}` : text;
  const [head = "", rest] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = rest === undefined || rest === "" ? [] : rest.split(":");
  const groups = [...left, ...Array<string>(rest === undefined ? 0 : 8 - left.length - right.length).fill("0"), ...right];
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

/** The block as it was given, where it is one with no host bits set. */
export function parseCidr(value: unknown): string {
  const text = string(value, "A CIDR");
  const [address = "", prefix, more] = text.split("/");
  const bits = addressBits(address);
  const width = isIP(address) === 6 ? 128 : 32;
  const valid = bits !== null && more === undefined && prefix !== undefined && /^(0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= width;
  if (!valid) return refuse("A CIDR must be an address block, e.g. 10.0.0.0/16");
  if ((bits & ((1n << BigInt(width - Number(prefix))) - 1n)) !== 0n) return refuse("A CIDR must have no host bits set, e.g. 10.0.0.0/16 and not 10.0.0.1/16");
  return text;
}

builder.scalarType("CIDR", {
  description: "IPv4 or IPv6 address block in canonical form, e.g. 10.0.0.0/16; host bits set is an error, not silently cleared.",
  serialize: (value) => value,
  parseValue: parseCidr,
});

builder.scalarType("IPAddress", {
  description: "IPv4 or IPv6 address, e.g. 10.0.0.1.",
  serialize: (value) => value,
  parseValue: (value) => {
    const text = string(value, "An IPAddress");
    return addressBits(text) === null ? refuse("An IPAddress must be an IPv4 or IPv6 address") : text;
  },
});

builder.scalarType("JSON", {
  description: "Any JSON value.",
  serialize: (value) => value,
  parseValue: (value) => value,
});

builder.scalarType("Decimal", {
  description: 'Money: a decimal number as a string, e.g. "0.0125"; never rounded through a float.',
  serialize: (value) => value,
  parseValue: (value) => {
    const text = string(value, "A Decimal");
    return /^-?\d{1,18}(\.\d{1,18})?$/.test(text) ? text : refuse('A Decimal must be a number in a string, e.g. "0.0125"');
  },
});
