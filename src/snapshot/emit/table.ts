import { type ObjectName, objectKey } from "../object-key.js";
import type { Attribute, CatalogObject, Snapshot } from "../snapshot.js";
import { columnDefinition } from "./column.js";
import { type Emission, type Emitter, type EmitterInput, emit } from "./emission.js";
import { commentOn, common, grants, ownership, target } from "./shared.js";
import { foreignOptions, identifier, optionList, qualified, referenced, textsOf } from "./sql-text.js";

/** The columns of a relation in their order. */
export function columnsOf(
  snapshot: Snapshot,
  relation: ObjectName,
  names: Attribute | undefined,
): readonly { readonly name: string; readonly column: CatalogObject }[] {
  return textsOf(names).map((name) => ({
    name,
    column: snapshot.objects[objectKey("column", [...relation.path, name])] ?? {},
  }));
}

const withOptions = (options: Attribute | undefined): string =>
  optionList(options) === "" ? "" : ` WITH (${optionList(options)})`;

function createTable({ name, object, snapshot }: EmitterInput): string {
  const columns = columnsOf(snapshot, name, object["columns"]).map(({ name: column, column: attributes }) =>
    columnDefinition(column, attributes),
  );
  const unlogged = object["unlogged"] === true ? "UNLOGGED " : "";
  const isForeign = name.kind === "foreign table";
  const parts = [
    `CREATE ${unlogged}${isForeign ? "FOREIGN " : ""}TABLE ${qualified(name.path)} (${columns.join(", ")})`,
    typeof object["partitionKey"] === "string" ? ` PARTITION BY ${object["partitionKey"]}` : "",
    typeof object["accessMethod"] === "string" ? ` USING ${identifier(object["accessMethod"])}` : "",
    withOptions(object["options"]),
    typeof object["tablespace"] === "string" ? ` TABLESPACE ${identifier(object["tablespace"])}` : "",
    isForeign ? ` SERVER ${identifier(String(object["server"]))}${foreignOptions(object["serverOptions"])}` : "",
  ];
  return parts.join("");
}

/** A partition or child is made on its own and tied to its parents once all have their constraints and indexes. */
function attachments(input: EmitterInput): readonly Emission[] {
  const { name, object } = input;
  const bound = object["partitionBound"];
  const table = qualified(name.path);
  const statements = textsOf(object["inherits"]).map((parent) =>
    typeof bound === "string"
      ? `ALTER TABLE ${referenced(parent)} ATTACH PARTITION ${table} ${bound}`
      : `ALTER ${name.kind.toUpperCase()} ${table} INHERIT ${referenced(parent)}`,
  );
  if (typeof object["ofType"] === "string") statements.push(`ALTER TABLE ${table} OF ${object["ofType"]}`);
  return emit("attach", input, ...statements);
}

function tableSettings(input: EmitterInput): readonly Emission[] {
  const { object } = input;
  const identity = object["replicaIdentity"];
  const settings = [
    object["rowSecurity"] === true ? "ENABLE ROW LEVEL SECURITY" : undefined,
    object["forceRowSecurity"] === true ? "FORCE ROW LEVEL SECURITY" : undefined,
    identity === "full" || identity === "nothing" ? `REPLICA IDENTITY ${identity.toUpperCase()}` : undefined,
  ].filter((setting) => setting !== undefined);
  return emit(
    "describe",
    input,
    ...settings.map((setting) => `ALTER TABLE ONLY ${qualified(input.name.path)} ${setting}`),
  );
}

export const table: Emitter = (input) => [
  ...emit("create", input, createTable(input)),
  ...attachments(input),
  ...tableSettings(input),
  ...common(input, "TABLE"),
];

export const view: Emitter = (input) => {
  const { name, object } = input;
  const columns = textsOf(object["columns"]).map(identifier).join(", ");
  const body = String(object["definition"]).replace(/;\s*$/, "");
  const isMaterialized = name.kind === "materialized view";
  const data = isMaterialized ? ` WITH ${object["notPopulated"] === true ? "NO " : ""}DATA` : "";
  const method = typeof object["accessMethod"] === "string" ? ` USING ${identifier(object["accessMethod"])}` : "";
  const place = typeof object["tablespace"] === "string" ? ` TABLESPACE ${identifier(object["tablespace"])}` : "";
  const head = `CREATE ${name.kind.toUpperCase()} ${qualified(name.path)}${columns === "" ? "" : ` (${columns})`}`;
  return [
    ...emit("create", input, `${head}${method}${withOptions(object["options"])}${place} AS ${body}${data}`),
    ...ownership(input),
    ...grants(input, `TABLE ${qualified(name.path)}`, object["privileges"]),
    ...commentOn(input, target(name), object["comment"]),
  ];
};
