import { type Emission, type Emitter, type EmitterInput, emit } from "./emission.js";
import { common } from "./shared.js";
import { clause, entriesOf, identifier, literal, mapOf, qualified, referenced, textsOf } from "./sql-text.js";
import { columnsOf } from "./table.js";

function compositeBody({ name, object, snapshot }: EmitterInput): string {
  const attributes = columnsOf(snapshot, name, object["columns"]).map(({ name: attribute, column }) => {
    const collation = typeof column["collation"] === "string" ? ` COLLATE ${referenced(column["collation"])}` : "";
    return `${identifier(attribute)} ${String(column["type"])}${collation}`;
  });
  return ` AS (${attributes.join(", ")})`;
}

function typeBody(input: EmitterInput): string | undefined {
  const { object } = input;
  switch (object["type"]) {
    case "composite":
      return compositeBody(input);
    case "enum":
      return ` AS ENUM (${textsOf(object["labels"]).map(literal).join(", ")})`;
    case "range":
      return ` AS RANGE (${entriesOf(object["range"])
        .map(([option, value]) => `${option} = ${String(value)}`)
        .join(", ")})`;
    default:
      return undefined;
  }
}

/** Composite types, enums and ranges; base types need functions in C and are left to whoever installs these. */
export const type: Emitter = (input) => {
  const body = typeBody(input);
  if (body === undefined) return [];
  return [...emit("create", input, `CREATE TYPE ${qualified(input.name.path)}${body}`), ...common(input)];
};

function domainNotNull({ object }: EmitterInput): string {
  if (object["notNull"] === undefined) return "";
  const { name } = mapOf(object["notNull"]);
  return `${typeof name === "string" ? ` CONSTRAINT ${identifier(name)}` : ""} NOT NULL`;
}

export const domain: Emitter = (input) => {
  const { name, object } = input;
  const collation = typeof object["collation"] === "string" ? ` COLLATE ${referenced(object["collation"])}` : "";
  const head = `CREATE DOMAIN ${qualified(name.path)} AS ${String(object["type"])}${collation}`;
  const sql = `${head}${clause("DEFAULT", object["default"])}${domainNotNull(input)}`;
  return [...emit("create", input, sql), ...common(input)];
};

function option(word: string, value: unknown): readonly string[] {
  return typeof value === "string" ? [`${word} = ${literal(value)}`] : [];
}

export const collation: Emitter = (input) => {
  const { name, object } = input;
  const options = [
    `provider = ${String(object["provider"])}`,
    ...option("locale", object["locale"]),
    ...option("lc_collate", object["lcCollate"]),
    ...option("lc_ctype", object["lcCtype"]),
    ...option("rules", object["rules"]),
    ...(object["nondeterministic"] === true ? ["deterministic = false"] : []),
  ];
  const create: readonly Emission[] = emit(
    "create",
    input,
    `CREATE COLLATION ${qualified(name.path)} (${options.join(", ")})`,
  );
  return [...create, ...common(input)];
};
