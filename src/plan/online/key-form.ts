import { joinedColumns, indexColumnNames, objectName } from "../../sql/chosen-name.js";
import { contentOf, contentsOf, stringsOf, type Node } from "../../sql/node.js";
import { quoteIdentifier } from "../../sql/quote.js";
import type { Token } from "../../sql/statement.js";
import { afterBrackets, type Constraint } from "./alter-text.js";
import type { ConstraintWords } from "./constraint-words.js";
import { notNullForm } from "./not-null-form.js";
import type { Piece } from "./piece.js";
import { adds, type Place } from "./place.js";
import { sameTree } from "./same-tree.js";

const why =
  "As written it would build its index while nobody can read or write the table: the index is built beside readers and writers, and then becomes the constraint's.";

/** Whether adding it builds an index that can be built beforehand. */
export function isKey({ contype, indexname, without_overlaps }: Constraint): boolean {
  const isUnique = contype === "CONSTR_UNIQUE" || contype === "CONSTR_PRIMARY";
  return isUnique && indexname === undefined && without_overlaps !== true;
}

export interface KeyOptions {
  /** Where it stands at a column. */
  readonly column: string | null;
  /** Columns that are known to be NOT NULL. */
  readonly notNull: ReadonlySet<string>;
  /** It takes the place of something that is dropped before it: its index is built before that, under a name of its own where that has the same. */
  readonly early: boolean;
  readonly isNameTaken: (name: string) => boolean;
  readonly mayPass: boolean;
}

/**
 * UNIQUE and PRIMARY KEY by an index that is built concurrently (manual, ALTER TABLE, ADD table_constraint_using_index). The columns of a primary key are made
 * NOT NULL before, without a scan under its lock. Null where its words are not understood.
 */
export function keyForm(place: Place, constraint: ConstraintWords, options: KeyOptions): readonly Piece[] | null {
  const { node, name } = constraint;
  const { table, prefix, tableWords, names, group } = place;
  const columns = options.column === null ? stringsOf(node.keys) : [options.column];
  const parts = keyParts(constraint, options.column);
  const isPrimary = node.contype === "CONSTR_PRIMARY";
  const chosen = node.conname ?? chosenName(place, node, columns);
  if (parts === null || chosen === null) return null;
  const isTaken = options.isNameTaken(chosen);
  if (isTaken && !options.mayPass) return null;
  const index = isTaken ? objectName(chosen, null, "belay") : chosen;
  const early = options.early ? { early: true as const } : {};
  const nullable = isPrimary ? columns.filter((column) => !options.notNull.has(column)) : [];
  const words = nullable.map((column) => ({
    name: column,
    words: `ALTER COLUMN ${quoteIdentifier(column)} SET NOT NULL`,
  }));
  const written = name ?? quoteIdentifier(chosen);
  names.note({ creates: [{ kind: "index", schema: table.schema, name: index }], drops: [] });
  return [
    ...(words.length === 0 ? [] : notNullForm(place, words).map((piece) => ({ ...piece, ...early }))),
    {
      text: `CREATE UNIQUE INDEX CONCURRENTLY ${isTaken ? quoteIdentifier(index) : written} ON ${tableWords} ${parts.index}`,
      why,
      fits: (built) => isIndexOf(built, index, node, columns),
      passing: true,
      ...early,
      group,
    },
    {
      text: `${prefix} ADD CONSTRAINT ${written} ${isPrimary ? "PRIMARY KEY" : "UNIQUE"} USING INDEX ${isTaken ? quoteIdentifier(index) : written}${parts.attributes}`,
      why,
      fits: adds(takingOver(node, chosen, index)),
      group,
    },
  ]; // prettier-ignore
}

function chosenName({ names, table }: Place, node: Constraint, columns: readonly string[]): string | null {
  if (node.contype === "CONSTR_PRIMARY") return names.key(table, null, "pkey");
  const all = [...columns, ...stringsOf(node.including)].map((name) => ({ name }));
  const called = indexColumnNames(all);
  return called === null ? null : names.key(table, joinedColumns(called), "key");
}

interface KeyParts {
  /** As CREATE INDEX has them, after the table's name. */
  readonly index: string;
  /** DEFERRABLE and its kin, with a blank before them. */
  readonly attributes: string;
}

/** UNIQUE [NULLS [NOT] DISTINCT] [(columns)] [INCLUDE (…)] [WITH (…)] [USING INDEX TABLESPACE name] [attributes], in the order of CREATE INDEX. */
function keyParts({ words, tokens, node }: ConstraintWords, column: string | null): KeyParts | null {
  let next = node.contype === "CONSTR_PRIMARY" ? 2 : 1;
  const is = (word: string): boolean => tokens[next]?.text.toLowerCase() === word;
  const take = (to: number): string => {
    const text = between(words, tokens, next, to);
    next = to;
    return text;
  };
  const nulls = is("nulls") ? take(afterWord(tokens, next, "distinct")) : "";
  const columns = is("(") ? take(afterBrackets(tokens, next)) : "";
  const including = is("include") ? take(afterBrackets(tokens, next + 1)) : "";
  const options = is("with") ? take(afterBrackets(tokens, next + 1)) : "";
  let tablespace = "";
  if (is("using")) {
    next += 2;
    tablespace = take(next + 2);
  }
  const attributes = between(words, tokens, next, tokens.length);
  if ((columns === "") !== (column !== null)) return null;
  const key = column === null ? columns : `(${quoteIdentifier(column)})`;
  const index = [key, including, nulls, options, tablespace].filter((part) => part !== "").join(" ");
  return { index, attributes: attributes === "" ? "" : ` ${attributes}` };
}

function afterWord(tokens: readonly Token[], from: number, word: string): number {
  const found = tokens.findIndex(({ text }, index) => index >= from && text.toLowerCase() === word);
  return found === -1 ? from : found + 1;
}

function between(words: string, tokens: readonly Token[], from: number, to: number): string {
  const [first, last] = [tokens[from], tokens[to - 1]];
  return from >= to || first === undefined || last === undefined ? "" : words.slice(first.start, last.end);
}

function isIndexOf(built: Node, name: string, key: Constraint, columns: readonly string[]): boolean {
  const index = contentOf(built, "IndexStmt");
  const namesOf = (elements: readonly Node[] | undefined): readonly string[] =>
    contentsOf(elements, "IndexElem").map((element) => element.name ?? "");
  return (
    index?.idxname === name &&
    index.unique === true &&
    index.concurrent === true &&
    sameTree(namesOf(index.indexParams), columns) &&
    sameTree(namesOf(index.indexIncludingParams), stringsOf(key.including)) &&
    sameTree(index.options, key.options) &&
    index.tableSpace === key.indexspace &&
    index.nulls_not_distinct === key.nulls_not_distinct
  );
}

function takingOver({ contype, deferrable, initdeferred }: Constraint, conname: string, indexname: string): Constraint {
  return {
    ...(contype !== undefined && { contype }),
    conname,
    indexname,
    ...(deferrable !== undefined && { deferrable }),
    ...(initdeferred !== undefined && { initdeferred }),
  };
}
