import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { lexicographicSortSchema, printSchema } from "graphql";
import { schema } from "./index.ts";

/** Where the printed schema lies: sorted, committed, what clients are generated from. `npm run schema` writes it. */
export const PRINTED_SCHEMA = fileURLToPath(new URL("schema.graphql", import.meta.url));

export const printedSchema = (): string => `${printSchema(lexicographicSortSchema(schema))}\n`;

/** As it was committed. */
export const committedSchema = (): string => readFileSync(PRINTED_SCHEMA, "utf8");

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PRINTED_SCHEMA, printedSchema());
