import type { FunctionParameter, ObjectWithArgs, TypeName } from "libpg-query";
import { contentsOf, stringsOf, type Node } from "../node.js";
import { quoteIdentifier } from "../quote.js";

/** The names that SQL has for types which the parser calls by their names in the catalog (PostgreSQL manual, Data Types). */
const SQL_NAMES: Readonly<Record<string, string>> = {
  bit: "bit",
  bool: "boolean",
  bpchar: "character",
  float4: "real",
  float8: "double precision",
  int2: "smallint",
  int4: "integer",
  int8: "bigint",
  interval: "interval",
  json: "json",
  numeric: "numeric",
  time: "time",
  timestamp: "timestamp",
  timestamptz: "timestamp with time zone",
  timetz: "time with time zone",
  varbit: "bit varying",
  varchar: "character varying",
};

/** A type as the signature of a function names it: without length or precision, which are no part of it. */
function typeText(type: TypeName | undefined): string {
  const parts = stringsOf(type?.names);
  const [schema, name] = [parts.at(-2), parts.at(-1) ?? ""];
  const known = parts.length === 2 && schema === "pg_catalog" ? SQL_NAMES[name] : undefined;
  const array = "[]".repeat(type?.arrayBounds?.length ?? 0);
  return `${known ?? parts.map(quoteIdentifier).join(".")}${type?.pct_type === true ? "%TYPE" : ""}${array}`;
}

/** The arguments that tell a function from its namesakes: those that go in, and for a procedure those that come out as well. */
export function signatureText(parameters: readonly FunctionParameter[], kind: "function" | "procedure"): string {
  const types = parameters.flatMap(({ mode, argType }) => {
    const comesOut = mode === "FUNC_PARAM_OUT" || mode === "FUNC_PARAM_TABLE";
    if (comesOut) return kind === "procedure" ? [`OUT ${typeText(argType)}`] : [];
    return [`${mode === "FUNC_PARAM_VARIADIC" ? "VARIADIC " : ""}${typeText(argType)}`];
  });
  return `(${types.join(", ")})`;
}

/** The arguments as ALTER FUNCTION names them; empty where it leaves them out. */
export function argumentsText(named: ObjectWithArgs): string {
  if (named.args_unspecified === true) return "";
  const parameters = contentsOf(named.objfuncargs, "FunctionParameter");
  return parameters.length > 0 ? signatureText(parameters, "procedure") : typesText(named.objargs);
}

function typesText(types: readonly Node[] | undefined): string {
  return `(${contentsOf(types, "TypeName").map(typeText).join(", ")})`;
}
