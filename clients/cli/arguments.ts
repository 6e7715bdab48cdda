import { InvalidArgumentError } from "commander";
import type { Protocol } from "../typescript/index.ts";
import { UsageError } from "./exit.ts";

/** Reading what people type: options that commander hands over as text, and words that may name a kind before a name. */

export const examples = (...lines: readonly string[]): string => `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}\n`;

export const repeated = (text: string, before: readonly string[] | undefined): string[] => [...(before ?? []), text];
export const repeatedWords = (text: string, before: readonly string[] | undefined): string[] => [...(before ?? []), ...text.split(",").map((code) => code.trim()).filter((code) => code !== "")];

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number, 0 or more.");
  return Number(text);
}

export function positiveNumber(text: string): number {
  const number = wholeNumber(text);
  if (number === 0) throw new InvalidArgumentError("It must be a whole number, 1 or more.");
  return number;
}

/** A number of pods, or a share of them: 2, 25%. */
export type Amount = { readonly count: number } | { readonly percent: number };

export function amount(text: string): Amount {
  const [, digits, sign] = /^(\d{1,6})(%?)$/.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError("It must be a number of pods or a percentage, e.g. 2 or 25%.");
  return sign === "%" ? { percent: Number(digits) } : { count: Number(digits) };
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** 45m, 12h, 30d as milliseconds. */
export function span(text: string): number {
  const [, number, unit] = /^(\d{1,5})([smhd])$/.exec(text) ?? [];
  const milliseconds = Number(number) * (UNIT_MS[unit ?? ""] ?? 0);
  if (!(milliseconds > 0)) throw new InvalidArgumentError("It must be a number with s, m, h or d, e.g. 12h or 30d.");
  return milliseconds;
}

export function oneOf<Word extends string>(words: readonly Word[]): (text: string, before: readonly Word[] | undefined) => Word[] {
  return (text, before) => {
    const given = text.split(",").map((word) => word.trim().toUpperCase());
    const wrong = given.find((word) => !words.some((known) => known === word));
    if (wrong !== undefined) throw new InvalidArgumentError(`It must be one of ${words.join(", ")}.`);
    return [...(before ?? []), ...(given as Word[])];
  };
}

export function exactlyOneOf<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const found = words.find((known) => known === text.toUpperCase());
    if (found === undefined) throw new InvalidArgumentError(`It must be one of ${words.join(", ")}.`);
    return found;
  };
}

/** `name=value` of --from-literal, where the value may have further signs of equality. The complaint does not repeat it: it may be a password. */
export function keyAndValue(text: string, before: readonly (readonly [string, string])[] | undefined): (readonly [string, string])[] {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError("--from-literal must be key=value");
  return [...(before ?? []), [text.slice(0, at), text.slice(at + 1)]];
}

/** A change of one container, or of the only one where none is named. */
export interface ContainerChange {
  readonly container: string | null;
  readonly value: string;
}

/** `[container=]value`: images, cpu, memory. */
export function containerValue(text: string, before: readonly ContainerChange[] | undefined): ContainerChange[] {
  const at = text.indexOf("=");
  const change = at === -1 ? { container: null, value: text } : { container: text.slice(0, at), value: text.slice(at + 1) };
  if (change.value === "" || change.container === "") throw new InvalidArgumentError("It must be a value, or container=value.");
  return [...(before ?? []), change];
}

export interface VariableChange {
  readonly container: string | null;
  readonly name: string;
  readonly value: string;
}

/** `[container:]NAME=value`. */
export function variable(text: string, before: readonly VariableChange[] | undefined): VariableChange[] {
  const [, container, name, value] = /^(?:([^:=]+):)?([^:=]+)=([^]*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("It must be NAME=value, or container:NAME=value.");
  return [...(before ?? []), { container: container ?? null, name, value }];
}

/** `[container:]NAME`. */
export function variableName(text: string, before: readonly ContainerChange[] | undefined): ContainerChange[] {
  const [, container, name] = /^(?:([^:=]+):)?([^:=]+)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("It must be NAME, or container:NAME.");
  return [...(before ?? []), { container: container ?? null, value: name }];
}

export interface PortOption {
  readonly name: string | null;
  readonly port: number;
  readonly containerPort: number;
  readonly protocol: Protocol;
}

/** `[name=]port[:containerPort][/tcp|/udp]`. */
export function port(text: string, before: readonly PortOption[] | undefined): PortOption[] {
  const [, name, number, target, protocol] = /^(?:([^=]+)=)?(\d{1,5})(?::(\d{1,5}))?(?:\/(tcp|udp))?$/i.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError("It must be [name=]port[:containerPort][/tcp|/udp], e.g. http=80:8080.");
  return [...(before ?? []), { name: name ?? null, port: Number(number), containerPort: Number(target ?? number), protocol: protocol?.toUpperCase() === "UDP" ? "UDP" : "TCP" }];
}

const APPLICATION: readonly string[] = ["app", "apps", "application", "applications"];
const OPERATION: readonly string[] = ["op", "ops", "operation", "operations"];

/** `storefront`, `app storefront` or `app/storefront`. */
export const applicationNamed = (words: readonly string[]): string => named(words, APPLICATION, "application");
export const operationNamed = (words: readonly string[]): string => named(words, OPERATION, "operation");

function named(words: readonly string[], kinds: readonly string[], what: string): string {
  const parts = words.length === 1 && words[0]?.includes("/") === true ? words[0].split("/") : words;
  const [first, second, ...more] = parts;
  const name = second === undefined ? first : second;
  if (name === undefined || name === "" || more.length > 0 || (second !== undefined && !kinds.includes(first ?? ""))) {
    throw new UsageError(`Give one ${what}: NAME, or ${kinds[0]} NAME; not ${words.join(" ") || "nothing"}`);
  }
  return name;
}
