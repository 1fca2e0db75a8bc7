import { objectKey } from "../object-key.js";
import type { Attribute, CatalogObject } from "../snapshot.js";
import { type Emission, type Emitter, type EmitterInput, defaultUnit, emit } from "./emission.js";
import { commentOn, grants } from "./shared.js";
import { clause, foreignOptions, identifier, mapOf, optionList, qualified, referenced } from "./sql-text.js";

/** The options of a sequence, as CREATE SEQUENCE and GENERATED AS IDENTITY write them. */
export function sequenceOptions(sequence: CatalogObject): string {
  return [
    clause("INCREMENT BY", sequence["increment"]),
    clause("MINVALUE", sequence["minimum"]),
    clause("MAXVALUE", sequence["maximum"]),
    clause("START WITH", sequence["start"]),
    clause("CACHE", sequence["cache"]),
    sequence["cycle"] === true ? " CYCLE" : "",
  ].join("");
}

function identityClause(identity: CatalogObject): string {
  const name = `SEQUENCE NAME ${referenced(identity["sequence"])}`;
  const when = String(identity["generated"]).toUpperCase();
  return ` GENERATED ${when} AS IDENTITY (${name}${sequenceOptions(identity)})`;
}

function notNullClause(notNull: Attribute): string {
  const { name, noInherit } = mapOf(notNull);
  const constraint = typeof name === "string" ? ` CONSTRAINT ${identifier(name)}` : "";
  return `${constraint} NOT NULL${noInherit === true ? " NO INHERIT" : ""}`;
}

const isNotValid = (notNull: Attribute | undefined): boolean => mapOf(notNull)["notValid"] === true;

/** A column as CREATE TABLE and ADD COLUMN write it; its plain default is a statement of its own. */
export function columnDefinition(name: string, column: CatalogObject): string {
  const { notNull, identity, generated } = column;
  return [
    `${identifier(name)} ${String(column["type"])}`,
    foreignOptions(column["serverOptions"]),
    clause("COMPRESSION", column["compression"]),
    typeof column["collation"] === "string" ? ` COLLATE ${referenced(column["collation"])}` : "",
    typeof generated === "string"
      ? ` GENERATED ALWAYS AS (${String(column["expression"])}) ${generated.toUpperCase()}`
      : "",
    identity === undefined ? "" : identityClause(mapOf(identity)),
    notNull === undefined || isNotValid(notNull) ? "" : notNullClause(notNull),
  ].join("");
}

function relationOf({ name, snapshot }: EmitterInput): { readonly kind: string; readonly text: string } | undefined {
  const path = name.path.slice(0, 2);
  const kinds = ["table", "foreign table", "view", "materialized view", "type"] as const;
  const kind = kinds.find((candidate) => snapshot.objects[objectKey(candidate, path)] !== undefined);
  return kind === undefined ? undefined : { kind, text: qualified(path) };
}

/** What a column has beyond its definition: statistics target, storage, options, NOT NULL that is not validated. */
function settings(column: CatalogObject): readonly string[] {
  const options = optionList(column["options"]);
  return [
    column["statistics"] === undefined ? "" : `SET STATISTICS ${String(column["statistics"])}`,
    column["storage"] === undefined ? "" : `SET STORAGE ${String(column["storage"]).toUpperCase()}`,
    options === "" ? "" : `SET (${options})`,
  ].filter((setting) => setting !== "");
}

function notValidNotNull(table: string, columnName: string, notNull: Attribute | undefined): readonly string[] {
  if (!isNotValid(notNull)) return [];
  const { name, noInherit } = mapOf(notNull);
  const constraint = typeof name === "string" ? `CONSTRAINT ${identifier(name)} ` : "";
  const noInheritText = noInherit === true ? " NO INHERIT" : "";
  return [`ALTER TABLE ${table} ADD ${constraint}NOT NULL ${columnName}${noInheritText} NOT VALID`];
}

function identityEmissions(input: EmitterInput): readonly Emission[] {
  const { sequence, privileges, comment, persistence } = mapOf(input.object["identity"]);
  if (typeof sequence !== "string") return [];
  const on = `SEQUENCE ${referenced(sequence)}`;
  return [
    ...(typeof persistence === "string" ? emit("describe", input, `ALTER ${on} SET ${persistence.toUpperCase()}`) : []),
    ...grants(input, on, privileges),
    ...commentOn(input, on, comment),
  ];
}

/** Everything about a column that does not stand in its table's definition. */
export const column: Emitter = (input) => {
  const { name, object } = input;
  const relation = relationOf(input);
  if (relation === undefined) return [];
  const columnName = identifier(name.path[2] ?? "");
  const only = relation.kind === "table" ? "ONLY " : "";
  const setDefault = `ALTER TABLE ${only}${relation.text} ALTER COLUMN ${columnName} SET DEFAULT ${String(object["default"])}`;
  return [
    ...(object["default"] === undefined
      ? []
      : [{ phase: "create", unit: defaultUnit(input.key), sql: setDefault } as const]),
    ...emit("attach", input, ...notValidNotNull(relation.text, columnName, object["notNull"])),
    ...emit(
      "describe",
      input,
      ...settings(object).map((setting) => `ALTER TABLE ${only}${relation.text} ALTER COLUMN ${columnName} ${setting}`),
    ),
    ...grants(input, `TABLE ${relation.text}`, object["privileges"], ` (${columnName})`),
    ...identityEmissions(input),
    ...commentOn(input, `COLUMN ${qualified(name.path)}`, object["comment"]),
  ];
};
