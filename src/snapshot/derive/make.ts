import { columnDefinition } from "../emit/column.js";
import { type Emission, type EmitterInput, defaultUnit, emit } from "../emit/emission.js";
import { emitObject } from "../emit/object.js";
import { clause, entriesOf, literal, qualified, referenced, textsOf } from "../emit/sql-text.js";
import { columnsOf } from "../emit/table.js";
import type { CatalogObject, Snapshot } from "../snapshot.js";
import { alterRelation } from "./drop.js";
import { nameOf, relationOf } from "./parts.js";

/** What is to be made, and what it is made in. */
export interface Making {
  readonly snapshot: Snapshot;
  /** Whether the object is made too, and not there already. */
  readonly isMade: (key: string) => boolean;
}

const isInherited = (object: CatalogObject): boolean => object["inherited"] === true;

const notNull = / (?:CONSTRAINT "(?:[^"]|"")*" )?NOT NULL(?: NO INHERIT)?$/;

/** A default that rows need, because the column is NOT NULL, stands in the definition; any other one is set afterwards, and rewrites nothing. */
function addColumn(input: EmitterInput): readonly Emission[] {
  const { key, name, object, snapshot } = input;
  const isAttribute = relationOf(key, snapshot)?.startsWith("type ") === true;
  const definition = columnDefinition(name.path[2] ?? "", object);
  const [condition = ""] = notNull.exec(definition) ?? [];
  const withDefault = needsDefault(object)
    ? `${definition.replace(notNull, "")}${clause("DEFAULT", object["default"])}${condition}`
    : definition;
  const add = `ADD ${isAttribute ? "ATTRIBUTE" : "COLUMN"} ${withDefault}`;
  return emit("create", input, `${alterRelation(key, snapshot)} ${add}`);
}

/** Whether a column that is added to a table with rows must bring its default along. */
export function needsDefault(column: CatalogObject): boolean {
  return column["notNull"] !== undefined && column["default"] !== undefined;
}

/** A column of a relation that is there already; one that is inherited came with its parent's. */
function column(input: EmitterInput): readonly Emission[] {
  const { key, object, snapshot } = input;
  const rest = emitObject(snapshot, key);
  const relation = relationOf(key, snapshot) ?? "";
  if (/^(?:view|materialized view) /.test(relation) || isInherited(object)) return rest;
  return [...addColumn(input), ...rest.filter(({ unit }) => unit !== defaultUnit(key) || !needsDefault(object))];
}

/** A child of an inheritance tree, made below its parents, so that what it has from them alone is not its own. */
function child(input: EmitterInput): readonly Emission[] {
  const { name, object, snapshot } = input;
  const own = columnsOf(snapshot, name, object["columns"]).filter(({ column: one }) => one["notLocal"] !== true);
  const columns = own.map(({ name: called, column: one }) => columnDefinition(called, one)).join(", ");
  const parents = textsOf(object["inherits"]).map(referenced).join(", ");
  const [, ...rest] = emitObject(snapshot, input.key);
  const unlogged = object["unlogged"] === true ? "UNLOGGED " : "";
  const create = `CREATE ${unlogged}TABLE ${qualified(name.path)} (${columns}) INHERITS (${parents})`;
  const options = entriesOf(object["options"]).map(
    ([option, value]) => `${qualified(option.split("."))} = ${literal(String(value))}`,
  );
  return [
    ...emit("create", input, `${create}${options.length === 0 ? "" : ` WITH (${options.join(", ")})`}`),
    ...rest.filter(({ phase }) => phase !== "attach"),
  ];
}

function isChild({ name, object, snapshot }: EmitterInput): boolean {
  if (object["inherits"] === undefined || object["partitionBound"] !== undefined) return false;
  return columnsOf(snapshot, name, object["columns"]).some(({ column: one }) => one["notLocal"] === true);
}

/** An index of a partition that is attached already is tied to its parent's. */
function partitionIndex(input: EmitterInput): readonly Emission[] {
  const { name, object } = input;
  const tie = `ALTER INDEX ${referenced(object["partitionOf"])} ATTACH PARTITION ${qualified(name.path)}`;
  return [...emitObject(input.snapshot, input.key), ...emit("attach", input, tie)];
}

/** What is made with its parent's, on a table that is there already, or that is made below its parents. */
function comesWithParent({ key, object, snapshot }: EmitterInput, { isMade }: Making): boolean {
  if (!isInherited(object) || !key.startsWith("constraint ")) return false;
  const relation = relationOf(key, snapshot) ?? "";
  if (!isMade(relation)) return true;
  return object["notLocal"] === true && snapshot.objects[relation]?.["partitionBound"] === undefined;
}

/** The statements that make an object of the snapshot, alone or together with what it is a part of. */
export function makeStatements(key: string, making: Making): readonly Emission[] {
  const { snapshot, isMade } = making;
  const object = snapshot.objects[key];
  if (object === undefined) return [];
  const input: EmitterInput = { key, name: nameOf(key), object, snapshot };
  const relation = relationOf(key, snapshot);
  if (comesWithParent(input, making)) return emitObject(snapshot, key).filter(({ phase }) => phase !== "create");
  if (key.startsWith("column ") && relation !== undefined && !isMade(relation)) return column(input);
  if (key.startsWith("table ") && isChild(input)) return child(input);
  const table = object["table"] === undefined ? undefined : `table ${String(object["table"])}`;
  if (object["partitionOf"] !== undefined && table !== undefined && !isMade(table)) return partitionIndex(input);
  return emitObject(snapshot, key);
}
