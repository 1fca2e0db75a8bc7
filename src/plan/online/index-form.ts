import { indexColumnNames, joinedColumns, objectName } from "../../sql/chosen-name.js";
import { relationName } from "../../sql/effect/relation.js";
import { contentOf, contentsOf, type NodeContent } from "../../sql/node.js";
import { quoteIdentifier } from "../../sql/quote.js";
import type { Statement } from "../../sql/statement.js";
import type { Names } from "./names.js";
import type { Piece } from "./piece.js";
import { sameTree } from "./same-tree.js";

const whyBuilt =
  "As written it would be built while nobody can write to the table: it is built beside readers and writers.";
const whyRebuilt =
  "As written it would be rebuilt while nobody can write to the table, and hardly anybody read it: it is rebuilt beside readers and writers.";

export interface IndexOptions {
  readonly names: Names;
  readonly group: number;
  /** An index or a constraint of the same transaction is dropped before: this one is built before that. */
  readonly early: boolean;
  /** Its own name is that of an index that is dropped before. */
  readonly isNameTaken: (name: string) => boolean;
  /**
   * Whether it may have a name in passing. Not on a way back: the file that runs it skips the statement by the name that stays.
   */
  readonly mayPass: boolean;
}

/**
 * CREATE INDEX as CREATE INDEX CONCURRENTLY, with the name that PostgreSQL would choose where it has none. Null where it is that already, is for a partitioned
 * table alone (ONLY), or its name cannot be told.
 */
export function indexForm(statement: Statement, options: IndexOptions): readonly Piece[] | null {
  const index = contentOf(statement.node, "IndexStmt");
  if (index === undefined || index.concurrent === true || index.relation?.inh !== true) return null;
  const chosen = index.idxname ?? chosenName(index, options.names);
  if (chosen === null) return null;
  const isTaken = options.early && options.isNameTaken(chosen);
  if (isTaken && (index.if_not_exists === true || !options.mayPass)) return null;
  const name = isTaken ? objectName(chosen, null, "belay") : chosen;
  const text = builtText(statement, index, name);
  const { group } = options;
  const built: Piece = {
    text,
    why: whyBuilt,
    fits: (node) => sameTree(node, { IndexStmt: { ...index, idxname: name, concurrent: true } }),
    ...(options.early && { early: true }),
    ...(isTaken && { passing: true }),
    group,
  };
  if (!isTaken) return [built];
  const schema = index.relation.schemaname;
  const renamed = `ALTER INDEX ${schema === undefined ? "" : `${quoteIdentifier(schema)}.`}${quoteIdentifier(name)} RENAME TO ${quoteIdentifier(chosen)}`;
  const why = "It is built before the index whose name it takes is dropped.";
  return [built, { text: renamed, why, fits: (node) => contentOf(node, "RenameStmt")?.newname === chosen, group }];
}

/** What PostgreSQL would call an index without a name; null where that cannot be told. */
export function chosenName(index: NodeContent<"IndexStmt">, names: Names): string | null {
  const elements = contentsOf([...(index.indexParams ?? []), ...(index.indexIncludingParams ?? [])], "IndexElem");
  const called = indexColumnNames(elements);
  return called === null ? null : names.index(relationName(index.relation), joinedColumns(called));
}

/** The first word INDEX is the command's own: only CREATE and UNIQUE, which are no names, can stand before it. */
function builtText({ text, tokens }: Statement, index: NodeContent<"IndexStmt">, name: string): string {
  const at = tokens.findIndex((token) => token.text.toLowerCase() === "index");
  const word = tokens[at];
  if (word === undefined) return text;
  const head = `${text.slice(0, word.end)} ${matching(word.text, "CONCURRENTLY")}`;
  if (index.idxname === name) return `${head}${text.slice(word.end)}`;
  const own = index.idxname === undefined ? word : tokens[at + 1];
  return `${head} ${quoteIdentifier(name)}${text.slice(own?.end ?? word.end)}`;
}

/** REINDEX TABLE and REINDEX INDEX; those of a schema, a database or the system's own tables stay as they are. */
export function reindexForm({ text, tokens, node }: Statement, group: number): readonly Piece[] | null {
  const reindex = contentOf(node, "ReindexStmt");
  const isOne = reindex?.kind === "REINDEX_OBJECT_INDEX" || reindex?.kind === "REINDEX_OBJECT_TABLE";
  const isSystem = reindex?.relation?.schemaname === "pg_catalog" || reindex?.relation?.relname?.startsWith("pg_") === true;
  const isSaid = contentsOf(reindex?.params, "DefElem").some(({ defname }) => defname === "concurrently");
  if (!isOne || isSystem || isSaid) return null;
  const kind = reindex.kind === "REINDEX_OBJECT_INDEX" ? "index" : "table";
  const word = tokens.find((token) => token.text.toLowerCase() === kind);
  if (word === undefined) return null;
  const written = `${text.slice(0, word.end)} ${matching(word.text, "CONCURRENTLY")}${text.slice(word.end)}`;
  const fits: Piece["fits"] = (made) => {
    const again = contentOf(made, "ReindexStmt");
    const isConcurrent = contentsOf(again?.params, "DefElem").some(({ defname }) => defname === "concurrently");
    return isConcurrent && again?.kind === reindex.kind && sameTree(again?.relation, reindex.relation);
  };
  return [{ text: written, why: whyRebuilt, fits, group }];
} // prettier-ignore

/** A word of ours in the author's case. */
function matching(word: string, ours: string): string {
  return word === word.toLowerCase() ? ours.toLowerCase() : ours;
}
