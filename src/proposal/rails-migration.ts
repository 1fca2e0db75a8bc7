import { camelCase } from "../change/change-id.js";
import { pluralise, singularise } from "./inflection.js";
import { parseAttribute, requireName, type Attribute, type IndexKind } from "./rails-attribute.js";
import type { MigrationOptions } from "./rails-command.js";
import { excerpt, reportError, type Place } from "./report-error.js";

/** What the generator's naming rules make of a migration's name and attributes (Rails guide, Active Record Migrations). */
export interface Migration {
  /** `add_ai_model_to_execution_tasks` */
  readonly name: string;
  /** `AddAiModelToExecutionTasks` */
  readonly title: string;
  readonly operation: Operation;
  readonly options: MigrationOptions;
}

export type Operation =
  | { readonly kind: "add"; readonly table: string; readonly attributes: readonly Attribute[] }
  | { readonly kind: "remove"; readonly table: string; readonly attributes: readonly Attribute[] }
  | { readonly kind: "create"; readonly table: string; readonly attributes: readonly Attribute[] }
  | { readonly kind: "join"; readonly table: string; readonly sides: readonly [JoinSide, JoinSide] };

/** One of the two tables that a join table joins. */
export interface JoinSide {
  /** `user` */
  readonly reference: string;
  /** On its own column first and the other one second. */
  readonly index: IndexKind;
  readonly foreignKey: boolean;
}

/** Either what to do, or why Rails itself would write an empty migration. */
export type MigrationReading = { readonly migration: Migration } | { readonly empty: string };

/**
 * Reads a migration's name and attributes.
 *
 * @throws BelayError `proposal-rails-name`, or what `parseAttribute` throws.
 */
export function readMigration(
  given: string,
  words: readonly string[],
  options: MigrationOptions,
  place: Place,
): MigrationReading {
  const name = underscore(given);
  if (!/^[a-z][a-z0-9_]*$/.test(name) || name.length > 200) {
    throw reportError(place, "rails-name", "a migration's name, such as AddPartNumberToProducts", excerpt(given));
  }
  const attributes = words.map((word) => parseAttribute(word, place));
  const operation = operationOf(name, attributes, place);
  if ("empty" in operation) return operation;
  const title = /^[A-Z]/.test(given) ? given.replaceAll(/[_-]/g, "") : camelCase(name);
  return { migration: { name, title, operation, options } };
}

/** As Active Support's inflector does it: `AddHTTPCodeToX` → `add_http_code_to_x`. */
function underscore(name: string): string {
  return name
    .replaceAll(/(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z\d])(?=[A-Z])/g, "_")
    .replaceAll("-", "_")
    .toLowerCase();
}

/** The rules in the order in which the generator tries them; of several `_to_` the last one counts, of several `_from_` the first. */
function operationOf(
  name: string,
  attributes: readonly Attribute[],
  place: Place,
): Operation | { readonly empty: string } {
  const [, addedTo] = /^add_.*_to_(.+)$/.exec(name) ?? [];
  if (addedTo !== undefined) return columns("add", tableName(addedTo, place), attributes);
  const [, removedFrom] = /^remove_.*?_from_(.+)$/.exec(name) ?? [];
  if (removedFrom !== undefined) return columns("remove", tableName(removedFrom, place), attributes);
  if (name.includes("join_table")) return join(attributes, place);
  const [, created] = /^create_(.+)$/.exec(name) ?? [];
  if (created !== undefined) return { kind: "create", table: tableName(created, place), attributes };
  return { empty: "its name follows none of Add…To…, Remove…From…, Create…, CreateJoinTable…" };
}

function columns(
  kind: "add" | "remove",
  table: string,
  attributes: readonly Attribute[],
): Operation | { readonly empty: string } {
  if (attributes.some((attribute) => attribute.kind !== "virtual")) return { kind, table, attributes };
  return { empty: attributes.length === 0 ? "it names no columns" : "none of its attributes is a column" };
}

function tableName(written: string, place: Place): string {
  return requireName(pluralise(written), "the name of a table", place);
}

function join(attributes: readonly Attribute[], place: Place): Operation | { readonly empty: string } {
  const [left, right, ...others] = attributes.map((attribute) => joinSide(attribute, place));
  if (left === undefined || right === undefined || others.length > 0) {
    return { empty: `a join table joins two tables, and it names ${attributes.length}` };
  }
  return { kind: "join", table: joinTableName(left, right, place), sides: [left, right] };
}

function joinSide(attribute: Attribute, place: Place): JoinSide {
  if (attribute.kind === "virtual" || (attribute.kind === "reference" && attribute.polymorphic)) {
    throw reportError(place, "rails-attribute", "the name of a table to join", excerpt(attribute.name));
  }
  const reference = singularise(pluralise(attribute.name.replace(/_id$/, "")));
  requireName(`${reference}_id`, "the name of a column", place);
  return { reference, index: attribute.index, foreignKey: attribute.kind === "reference" };
}

/** Both names in alphabetical order; a common start, up to `_`, is written once. */
function joinTableName(left: JoinSide, right: JoinSide, place: Place): string {
  const [first = "", second = ""] = [pluralise(left.reference), pluralise(right.reference)].toSorted();
  const joined = `${first}\0${second}`.replace(/^(.*[._])(.+)\0\1(.+)$/, "$1$2_$3").replace("\0", "_");
  return requireName(joined, "the name of a table", place);
}
