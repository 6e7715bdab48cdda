import {
  getNamedType, isEnumType, isInputObjectType, isListType, isNonNullType, typeFromAST, validateInputLiteral, validateInputValue, type ASTVisitor,
  type GraphQLError, type GraphQLInputType, type GraphQLSchema, type OperationDefinitionNode, type ValidationContext, type ValueNode,
} from "graphql";
import { apiError } from "./errors.ts";

/**
 * Says what is wrong with supplied values without ever repeating them: graphql-js quotes the value in its messages, and a value may be a
 * secret. What stays is where the value is, and what was expected there.
 */
const MAX_ERRORS = 20;
const SAFE_START =
  /^(?:Expected (?:a )?value of (?:non-null )?type "[^"]{1,200}" (?:to include required field "[^"]{1,200}"|not to include unknown field "[\w]{1,200}"|to be an object|to be provided|not to be null)|Within OneOf Input Object type "[^"]{1,200}", exactly one field must be specified, and the value for that field must be non-null)/;

/** One error for each value in `variables` that its variable's type refuses, 20 at most. `variables` was found faulty before. */
export function explainVariables(schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Readonly<Record<string, unknown>>): GraphQLError[] {
  const errors: GraphQLError[] = [];
  for (const definition of operation.variableDefinitions ?? []) {
    const name = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type) as GraphQLInputType | undefined;
    if (!type) continue;
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value === undefined && (definition.defaultValue || !isNonNullType(type))) continue;
    try {
      validateInputValue(value, type, (error, path) => {
        if (errors.length >= MAX_ERRORS) throw new EnoughError();
        const at = path.length > 0 ? ` at "${path.join(".").slice(0, 200)}"` : "";
        errors.push(apiError("BAD_USER_INPUT", `Variable "$${name}" has an invalid value${at}: ${expectation(error, typeAt(type, path))}`, { nodes: definition }));
      });
    } catch (error) {
      if (error instanceof EnoughError) break;
      errors.push(apiError("BAD_USER_INPUT", `Variable "$${name}" has an invalid value.`, { nodes: definition }));
    }
  }
  if (errors.length === 0) errors.push(apiError("BAD_USER_INPUT", "The variables do not fit the operation."));
  return errors;
}

class EnoughError extends Error {}

/** In place of graphql-js' rule of this name: the same checks, in words that do not repeat the literal. */
export function ValuesOfCorrectTypeRule(context: ValidationContext): ASTVisitor {
  const check = (node: ValueNode, type: GraphQLInputType | null | undefined): false => {
    if (type) {
      validateInputLiteral(node, type, (error, path) => {
        context.reportError(apiError("BAD_USER_INPUT", expectation(error, typeAt(type, path)), { nodes: error.nodes ?? node }));
      });
    }
    return false;
  };
  const inPlace = (node: ValueNode): false => check(node, context.getInputType());
  return {
    NullValue: inPlace,
    ListValue: (node) => check(node, context.getParentInputType()),
    ObjectValue: inPlace,
    EnumValue: inPlace,
    IntValue: inPlace,
    FloatValue: inPlace,
    StringValue: inPlace,
    BooleanValue: inPlace,
  };
}

function expectation(error: GraphQLError, type: GraphQLInputType | null): string {
  // Our own scalars say what they want, and never what they got.
  if (error.extensions["code"] === "BAD_USER_INPUT") return `${error.message}.`;
  const safe = SAFE_START.exec(error.message)?.[0];
  if (safe) return `${safe}.`;
  if (!type) return "Expected another type of value.";
  const named = getNamedType(type);
  if (isEnumType(named)) {
    const values = named.getValues().map((value) => value.name);
    return `Expected value of type "${named.name}": one of ${values.slice(0, 40).join(", ")}${values.length > 40 ? ", …" : ""}.`;
  }
  return `Expected value of type "${named.name}".`;
}

function typeAt(type: GraphQLInputType, path: readonly (string | number)[]): GraphQLInputType | null {
  let at: GraphQLInputType | undefined = type;
  for (const key of path) {
    while (isNonNullType(at)) at = at.ofType as GraphQLInputType;
    if (typeof key === "number") at = isListType(at) ? (at.ofType) : undefined;
    else {
      // A single value stands for a list of one.
      while (isListType(at) || isNonNullType(at)) at = at.ofType;
      at = isInputObjectType(at) ? at.getFields()[key]?.type : undefined;
    }
    if (!at) return null;
  }
  return at;
}
