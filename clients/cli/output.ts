import { Option } from "commander";
import { stringify } from "yaml";
import type { Session } from "./session.ts";

export const FORMATS = ["table", "json", "yaml"] as const;
export type Format = (typeof FORMATS)[number];

export const outputOption = (): Option => new Option("-o, --output <format>", "table for people; json or yaml with every field, for scripts").choices(FORMATS).default("table");

/** Prints the value as json or yaml, or else the lines that the function makes of it. */
export function show(session: Session, format: Format, value: unknown, lines: () => readonly string[]): void {
  if (format === "json") session.print([JSON.stringify(value, null, 2)]);
  else if (format === "yaml") session.print([stringify(value).trimEnd()]);
  else session.print(lines());
}
