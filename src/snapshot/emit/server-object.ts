import { type Emitter, emit } from "./emission.js";
import { commentOn, common, grants, ownership, target } from "./shared.js";
import {
  entriesOf,
  foreignOptions,
  identifier,
  literal,
  parseReference,
  qualified,
  referenced,
  roleName,
  textsOf,
} from "./sql-text.js";
import type { Attribute } from "../snapshot.js";

export const operator: Emitter = (input) => {
  const { name, object } = input;
  const words = ["leftarg", "rightarg", "commutator", "negator", "restrict", "join"] as const;
  const options = [
    `function = ${String(object["procedure"])}`,
    ...words.flatMap((word) => (object[word] === undefined ? [] : [`${word} = ${String(object[word])}`])),
    ...["hashes", "merges"].filter((word) => object[word] === true),
  ];
  const symbol = `${identifier(name.path[0] ?? "")}.${name.path[1] ?? ""}`;
  if (object["procedure"] === "shell") return [];
  return [...emit("create", input, `CREATE OPERATOR ${symbol} (${options.join(", ")})`), ...common(input)];
};

function castMethod(method: string): string {
  if (method === "inout") return "WITH INOUT";
  return method === "binary" ? "WITHOUT FUNCTION" : `WITH ${method.toUpperCase().slice(0, 8)}${method.slice(8)}`;
}

export const cast: Emitter = (input) => {
  const { name, object } = input;
  const context = typeof object["context"] === "string" ? ` AS ${object["context"].toUpperCase()}` : "";
  const sql = `CREATE CAST ${name.signature} ${castMethod(String(object["method"]))}${context}`;
  return [...emit("create", input, sql), ...commentOn(input, `CAST ${name.signature}`, object["comment"])];
};

export const defined: Emitter = (input) => [
  ...emit("create", input, String(input.object["definition"])),
  ...common(input),
];

/** What ALTER TEXT SEARCH CONFIGURATION says to map a kind of token. */
export function textSearchMapping([token, dictionaries]: readonly [string, Attribute]): string {
  return `ADD MAPPING FOR ${identifier(token)} WITH ${textsOf(dictionaries).join(", ")}`;
}

export const textSearchConfiguration: Emitter = (input) => {
  const { name, object } = input;
  const on = `TEXT SEARCH CONFIGURATION ${qualified(name.path)}`;
  const mappings = entriesOf(object["mappings"]).map((mapping) => `ALTER ${on} ${textSearchMapping(mapping)}`);
  return [
    ...emit("create", input, `CREATE ${on} (parser = ${String(object["parser"])})`, ...mappings),
    ...common(input),
  ];
};

export const textSearchDictionary: Emitter = (input) => {
  const { name, object } = input;
  const settings = typeof object["settings"] === "string" ? `, ${object["settings"]}` : "";
  const sql = `CREATE TEXT SEARCH DICTIONARY ${qualified(name.path)} (template = ${String(object["template"])}${settings})`;
  return [...emit("create", input, sql), ...common(input)];
};

export const textSearchPart: Emitter = (input) => {
  const { name, object } = input;
  const sql = `CREATE ${target(name)} (${String(object["parameters"])})`;
  return [...emit("create", input, sql), ...commentOn(input, target(name), object["comment"])];
};

export const foreignDataWrapper: Emitter = (input) => {
  const { name, object } = input;
  const parts = ["handler", "validator"].map((word) =>
    object[word] === undefined ? "" : ` ${word.toUpperCase()} ${String(object[word])}`,
  );
  const sql = `CREATE ${target(name)}${parts.join("")}${foreignOptions(object["options"])}`;
  return [...emit("create", input, sql), ...common(input)];
};

export const server: Emitter = (input) => {
  const { name, object } = input;
  const part = (word: string, value: Attribute | undefined): string =>
    typeof value === "string" ? ` ${word} ${literal(value)}` : "";
  const kind = `${part("TYPE", object["type"])}${part("VERSION", object["version"])}`;
  const wrapper = `FOREIGN DATA WRAPPER ${identifier(String(object["wrapper"]))}`;
  const sql = `CREATE ${target(name)}${kind} ${wrapper}${foreignOptions(object["options"])}`;
  return [
    ...emit("create", input, sql),
    ...ownership(input),
    ...grants(input, `FOREIGN SERVER ${qualified(name.path)}`, object["privileges"]),
    ...commentOn(input, target(name), object["comment"]),
  ];
};

export const userMapping: Emitter = (input) => {
  const [role = "", serverName = ""] = input.name.path;
  const sql = `CREATE USER MAPPING FOR ${roleName(role)} SERVER ${identifier(serverName)}`;
  return emit("create", input, `${sql}${foreignOptions(input.object["options"])}`);
};

export const accessMethod: Emitter = (input) => {
  const { name, object } = input;
  const sql = `CREATE ${target(name)} TYPE ${String(object["type"]).toUpperCase()} HANDLER ${String(object["handler"])}`;
  return [...emit("create", input, sql), ...commentOn(input, target(name), object["comment"])];
};

/** How a table is named in ALTER PUBLICATION … ADD. */
export function publishedTable([table, details]: readonly [string, Attribute]): string {
  const found = Object.fromEntries(entriesOf(details));
  const columns = textsOf(found["columns"]).map(identifier).join(", ");
  const filter = typeof found["where"] === "string" ? ` WHERE (${found["where"]})` : "";
  return `TABLE ONLY ${referenced(table)}${columns === "" ? "" : ` (${columns})`}${filter}`;
}

export const publication: Emitter = (input) => {
  const { name, object } = input;
  const settings = [
    ...(object["publish"] === undefined ? [] : [`publish = ${literal(textsOf(object["publish"]).join(", "))}`]),
    ...(object["viaPartitionRoot"] === true ? ["publish_via_partition_root = true"] : []),
    ...(object["generatedColumns"] === "s" ? ["publish_generated_columns = stored"] : []),
  ];
  const all = object["allTables"] === true ? " FOR ALL TABLES" : "";
  const withSettings = settings.length === 0 ? "" : ` WITH (${settings.join(", ")})`;
  const members = [
    ...entriesOf(object["tables"]).map(publishedTable),
    ...textsOf(object["schemas"]).map((one) => `TABLES IN SCHEMA ${identifier(one)}`),
  ];
  const on = target(name);
  return [
    ...emit(
      "attach",
      input,
      `CREATE ${on}${all}${withSettings}`,
      ...members.map((member) => `ALTER ${on} ADD ${member}`),
    ),
    ...ownership(input),
    ...commentOn(input, on, object["comment"]),
  ];
};

const eventTriggerStates: { readonly [state: string]: string } = {
  disabled: "DISABLE",
  replica: "ENABLE REPLICA",
  always: "ENABLE ALWAYS",
};

/** Runs last, and is owned and described only then, so that it fires for none of the statements before. */
export const eventTrigger: Emitter = (input) => {
  const { name, object } = input;
  const tags = textsOf(object["tags"]).map(literal).join(", ");
  const when = tags === "" ? "" : ` WHEN TAG IN (${tags})`;
  const create = `CREATE ${target(name)} ON ${String(object["event"])}${when}`;
  const state = eventTriggerStates[String(object["enabled"])];
  const after = [
    ...ownership(input),
    ...commentOn(input, target(name), object["comment"]),
    ...(state === undefined ? [] : emit("last", input, `ALTER ${target(name)} ${state}`)),
  ].map((emission) => ({ ...emission, phase: "last" as const }));
  return [
    ...emit("last", input, `${create} EXECUTE FUNCTION ${qualified(parseReference(object["function"]))}()`),
    ...after,
  ];
};
