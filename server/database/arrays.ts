/** An array as Postgres reads it, of values that need no quotes: uuids and numbers. For parameters of drivers that would expand a list. */
export const arrayText = (values: readonly (string | number)[]): string => `{${values.join(",")}}`;
