import type { CodegenConfig } from "@graphql-codegen/cli";

/**
 * Types for every operation in clients/operations, from the printed schema, into one erasable file. Documents stay strings, so that a client
 * needs no GraphQL parser. `npm run codegen` writes it; it is committed, and a test fails when it is out of step.
 *
 * SELVEDGE_CODEGEN_OUTPUT is for that test.
 */
const config: CodegenConfig = {
  schema: "schema/schema.graphql",
  documents: "clients/operations/*.graphql",
  silent: true,
  generates: {
    [process.env["SELVEDGE_CODEGEN_OUTPUT"] ?? "clients/typescript/generated.ts"]: {
      plugins: ["typescript-operations", "typed-document-node"],
      config: {
        documentMode: "string",
        enumType: "string-literal",
        useTypeImports: true,
        immutableTypes: true,
        skipTypename: true,
        defaultScalarType: "unknown",
        strictScalars: true,
        scalars: { ID: "string", DateTime: "string", Decimal: "string", CIDR: "string", IPAddress: "string", JSON: "unknown" },
      },
    },
  },
};

export default config;
