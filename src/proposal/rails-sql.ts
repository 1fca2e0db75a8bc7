import { quoteIdentifier } from "../sql/quote.js";
import { pluralise } from "./inflection.js";
import type { Attribute, IndexKind } from "./rails-attribute.js";
import type { PrimaryKeyType } from "./rails-command.js";
import type { JoinSide, Migration } from "./rails-migration.js";
import { foreignKeyName, indexName } from "./rails-name.js";
import { excerpt, reportError, type Place } from "./report-error.js";

/** Both halves of a change: statements without their semicolons, in the order in which they run. */
export interface SqlPair {
  readonly up: readonly string[];
  readonly down: readonly string[];
  /** Why there is no way back; null where `down` is it. */
  readonly irreversible: string | null;
  /** What a person should know before it runs. */
  readonly warnings: readonly string[];
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
}

interface Index {
  readonly name: string;
  readonly columns: readonly string[];
  readonly unique: boolean;
}

interface ForeignKey {
  readonly name: string;
  readonly column: string;
  readonly referenced: string;
}

/** What the attributes of a migration amount to. */
interface Parts {
  readonly table: string;
  readonly columns: readonly Column[];
  readonly indexes: readonly Index[];
  readonly foreignKeys: readonly ForeignKey[];
}

const NO_PARTS = { columns: [], indexes: [], foreignKeys: [] };

const PRIMARY_KEYS: { readonly [type in PrimaryKeyType]: string } = {
  bigint: "bigserial PRIMARY KEY",
  integer: "serial PRIMARY KEY",
  uuid: "uuid DEFAULT gen_random_uuid() PRIMARY KEY",
  string: "character varying PRIMARY KEY",
};

const REFERENCE_TYPES: { readonly [type in PrimaryKeyType]: string } = {
  bigint: "bigint",
  integer: "integer",
  uuid: "uuid",
  string: "character varying",
};

const q = quoteIdentifier;

/**
 * The SQL of a migration: what Rails would send, in the form that blocks nobody. An index on a table that exists is built
 * concurrently, and a foreign key there is added NOT VALID and validated after the index, in a transaction of its own.
 *
 * @throws BelayError `proposal-column-twice`.
 */
export function sqlOf({ operation, options }: Migration, place: Place): SqlPair {
  const { table } = operation;
  switch (operation.kind) {
    case "add":
      return addColumns(requireDistinct(partsOf(table, operation.attributes, options.primaryKeyType), place));
    case "remove":
      return removeColumns(requireDistinct(partsOf(table, operation.attributes, options.primaryKeyType), place));
    case "create": {
      const parts = partsOf(table, operation.attributes, options.primaryKeyType);
      const id = { name: "id", type: PRIMARY_KEYS[options.primaryKeyType], notNull: false };
      const columns = [id, ...parts.columns, ...(options.timestamps ? timestamps() : [])];
      return createTable(requireDistinct({ ...parts, columns }, place));
    }
    case "join":
      return createTable(requireDistinct(joinParts(table, operation.sides, options.primaryKeyType), place));
  }
}

function addColumns({ table, columns, indexes, foreignKeys }: Parts): SqlPair {
  const alter = `ALTER TABLE ${q(table)}`;
  const required = columns.filter(({ notNull }) => notNull).map(({ name }) => name);
  return {
    up: [
      ...columns.map((column) => `${alter} ADD COLUMN ${definition(column)}`),
      ...foreignKeys.map((key) => `${alter} ADD ${constraint(key)} NOT VALID`),
      ...indexes.map((index) => createIndex(table, index, "CONCURRENTLY ")),
      ...foreignKeys.map(({ name }) => `${alter} VALIDATE CONSTRAINT ${q(name)}`),
    ],
    down: [
      ...indexes.toReversed().map(({ name }) => `DROP INDEX CONCURRENTLY ${q(name)}`),
      ...foreignKeys.toReversed().map(({ name }) => `${alter} DROP CONSTRAINT ${q(name)}`),
      ...columns.toReversed().map(({ name }) => `${alter} DROP COLUMN ${q(name)}`),
    ],
    irreversible: null,
    warnings: required.map(
      (name) => `${table}.${name} is NOT NULL without a default: this fails where the table has rows`,
    ),
  };
}

function removeColumns({ table, columns }: Parts): SqlPair {
  const names = columns.map(({ name }) => `${table}.${name}`).join(", ");
  return {
    up: columns.map(({ name }) => `ALTER TABLE ${q(table)} DROP COLUMN ${q(name)}`),
    down: [],
    irreversible: `the values of ${names} are lost when the ${columns.length === 1 ? "column is" : "columns are"} dropped`,
    warnings: [],
  };
}

function createTable({ table, columns, indexes, foreignKeys }: Parts): SqlPair {
  const lines = [...columns.map(definition), ...foreignKeys.map(constraint)].map((line) => `  ${line}`);
  return {
    up: [
      `CREATE TABLE ${q(table)} (\n${lines.join(",\n")}\n)`,
      ...indexes.map((index) => createIndex(table, index, "")),
    ],
    down: [`DROP TABLE ${q(table)}`],
    irreversible: null,
    warnings: [],
  };
}

function definition({ name, type, notNull }: Column): string {
  return `${q(name)} ${type}${notNull ? " NOT NULL" : ""}`;
}

function constraint({ name, column, referenced }: ForeignKey): string {
  return `CONSTRAINT ${q(name)} FOREIGN KEY (${q(column)}) REFERENCES ${q(referenced)} (id)`;
}

function createIndex(table: string, { name, columns, unique }: Index, how: string): string {
  return `CREATE ${unique ? "UNIQUE " : ""}INDEX ${how}${q(name)} ON ${q(table)} (${columns.map(q).join(", ")})`;
}

function timestamps(): readonly Column[] {
  return ["created_at", "updated_at"].map((name) => ({ name, type: "timestamp(6) without time zone", notNull: true }));
}

function partsOf(table: string, attributes: readonly Attribute[], keyType: PrimaryKeyType): Parts {
  const parts = attributes.map((attribute) => attributeParts(table, attribute, keyType));
  return {
    table,
    columns: parts.flatMap(({ columns }) => columns),
    indexes: parts.flatMap(({ indexes }) => indexes),
    foreignKeys: parts.flatMap(({ foreignKeys }) => foreignKeys),
  };
}

function attributeParts(table: string, attribute: Attribute, keyType: PrimaryKeyType): Omit<Parts, "table"> {
  const { name } = attribute;
  switch (attribute.kind) {
    case "virtual":
      return NO_PARTS;
    case "column": {
      const columns = [{ name, type: attribute.type, notNull: attribute.notNull }];
      return { ...NO_PARTS, columns, indexes: indexOn(table, [name], attribute.index) };
    }
    case "reference": {
      const id = { name: `${name}_id`, type: REFERENCE_TYPES[keyType], notNull: attribute.notNull };
      if (!attribute.polymorphic) {
        const foreignKeys = [foreignKey(table, name)];
        return { columns: [id], indexes: indexOn(table, [id.name], attribute.index), foreignKeys };
      }
      const type = { name: `${name}_type`, type: "character varying", notNull: attribute.notNull };
      const columns = [type, id];
      const indexes = indexOn(table, [type.name, id.name], attribute.index, indexName(table, [name]));
      return { ...NO_PARTS, columns, indexes };
    }
  }
}

/** Rails makes both columns, no key of its own, and only the indexes that are asked for. */
function joinParts(table: string, sides: readonly [JoinSide, JoinSide], keyType: PrimaryKeyType): Parts {
  const columnOf = ({ reference }: JoinSide): string => `${reference}_id`;
  return {
    table,
    columns: sides.map((side) => ({ name: columnOf(side), type: REFERENCE_TYPES[keyType], notNull: true })),
    indexes: sides.flatMap((side, at) => {
      const other = sides[at === 0 ? 1 : 0];
      return indexOn(table, side.foreignKey ? [columnOf(side)] : [columnOf(side), columnOf(other)], side.index);
    }),
    foreignKeys: sides.flatMap(({ reference, foreignKey: wanted }) => (wanted ? [foreignKey(table, reference)] : [])),
  };
}

function indexOn(
  table: string,
  columns: readonly string[],
  kind: IndexKind,
  name = indexName(table, columns),
): readonly Index[] {
  return kind === "none" ? [] : [{ name, columns, unique: kind === "unique" }];
}

function foreignKey(table: string, reference: string): ForeignKey {
  const column = `${reference}_id`;
  return { name: foreignKeyName(table, column), column, referenced: pluralise(reference) };
}

function requireDistinct(parts: Parts, place: Place): Parts {
  const names = parts.columns.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return parts;
  throw reportError(place, "column-twice", `each column of ${parts.table} once`, `${excerpt(twice)} twice`);
}
