/** A document with the types of its answer and variables attached, as codegen writes it: its text is all that remains at run time. */
export interface TypedDocument<Data, Variables> {
  toString(): string;
  __apiType?: ((variables: Variables) => Data) | undefined;
}

/** Variables may be left out where the document has none that are required. */
export type VariablesOf<Variables> = Record<string, never> extends Variables ? [variables?: Variables] : [variables: Variables];
