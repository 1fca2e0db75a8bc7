import type { DeleteStmt, RangeVar, UpdateStmt } from "libpg-query";
import { readingOf } from "./effect/reading.js";
import { relationName } from "./effect/relation.js";
import { contentOf, contentsOf, kindOf, type Node } from "./node.js";
import { sameName } from "./name.js";
import { batchDirectiveOf, refusal } from "./batch-directive.js";
import { quoteIdentifier, quoteQualified } from "./quote.js";
import type { Statement, Token } from "./statement.js";

/** An UPDATE or DELETE that runs in ranges of a key, open at its end for the range's condition. */
export interface Batch {
  /** The table whose rows it writes, quoted as it stands there. */
  readonly relation: string;
  /** ONLY: rows of tables that inherit from it are left out. */
  readonly only: boolean;
  /** What the statement calls the table, quoted. */
  readonly as: string;
  /** The author's statement up to where `<condition>` follows: it ends in `WHERE` or `WHERE (…) AND`. */
  readonly head: string;
  /** The columns of the key that the author names; null where it is found in the catalog. */
  readonly key: readonly string[] | null;
  /** The columns that it sets: they cannot be of the key. */
  readonly sets: readonly string[];
  /** The other relations that it reads, quoted. */
  readonly reads: readonly string[];
}

type Writing = UpdateStmt & DeleteStmt;

/**
 * What `-- belay:batch` before a statement asks for; null where it does not stand there. Cutting a statement into ranges of rows must not change what it does
 * to a row, so only these are taken: one UPDATE or DELETE on a table, without WITH and RETURNING, that reads the table it writes nowhere else. Other tables may
 * be read, in FROM, USING or a subquery: each row that is written meets the same rows of them.
 * @throws BelayError `batch-directive` or `batch-statement`, with `file:line:column`.
 */
export function batchOf(statement: Statement, file: string): Batch | null {
  const directive = batchDirectiveOf(statement, file);
  if (directive === null) return null;
  const writing = writingOf(statement, file);
  const relation = relationName(writing.relation);
  refuseParts(statement, file, writing);
  const sets = contentsOf(writing.targetList, "ResTarget").flatMap(({ name }) => name ?? []);
  const set = directive.key?.find((column) => sets.includes(column));
  if (set !== undefined) {
    throw refusal(statement, file, `it sets ${quoteIdentifier(set)}, a column of the key that its ranges are made of`);
  }
  return {
    relation: quoteQualified(relation),
    only: writing.relation?.inh !== true,
    as: quoteIdentifier(writing.relation?.alias?.aliasname ?? relation.name),
    head: headOf(statement, writing.whereClause !== undefined),
    key: directive.key,
    sets,
    reads: readsOf(statement, file, writing),
  };
}

function writingOf(statement: Statement, file: string): Writing {
  const kind = kindOf(statement.node);
  if (kind === "UpdateStmt" || kind === "DeleteStmt") return contentOf(statement.node, kind) as Writing;
  throw refusal(statement, file, "only an UPDATE or a DELETE runs in batches");
}

function refuseParts(statement: Statement, file: string, writing: Writing): void {
  if (writing.withClause !== undefined) {
    throw refusal(statement, file, "it has a WITH clause, which each batch would run anew");
  }
  if (writing.returningClause !== undefined || (writing as { returningList?: unknown }).returningList !== undefined) {
    throw refusal(statement, file, "it has RETURNING, and nobody reads what a batch returns");
  }
  if (kindOf(writing.whereClause) === "CurrentOfExpr") {
    throw refusal(statement, file, "it means the row of a cursor, and there is none");
  }
  const parameter = find(statement.node, "ParamRef");
  if (parameter !== null) throw refusal(statement, file, "it has a parameter, and nobody gives it a value", parameter);
}

/** The other relations that it reads. One that is the table itself would show the batches before what was written already. */
function readsOf(statement: Statement, file: string, writing: Writing): readonly string[] {
  const { targetList, whereClause, fromClause, usingClause } = writing;
  const parts = { targetList, whereClause, fromClause, usingClause };
  const own = relationName(writing.relation);
  const read = readingOf(parts).locks.map(({ relation }) => relation);
  if (read.some((relation) => sameName(relation, own))) {
    const place = find(parts, null, (relation) => sameName(relationName(relation), own));
    const message = `it reads ${quoteQualified(own)} a second time, and a later batch would see there what an earlier one has written`;
    throw refusal(statement, file, message, place);
  }
  return [...new Set(read.map(quoteQualified))];
}

/** Everything up to the place where the range's condition goes. */
function headOf({ text, tokens }: Statement, hasWhere: boolean): string {
  if (!hasWhere) return `${text} WHERE`;
  const where = whereToken(tokens);
  return `${text.slice(0, where.end)} (${text.slice(where.end).trimStart()}) AND`;
}

/** The statement's own WHERE: every other one stands in parentheses, and after a dot the word is a name. */
function whereToken(tokens: readonly Token[]): Token {
  let depth = 0;
  const found = tokens.find((token, index) => {
    if (token.text === "(" || token.text === "[") depth += 1;
    if (token.text === ")" || token.text === "]") depth -= 1;
    return depth === 0 && token.text.toLowerCase() === "where" && tokens[index - 1]?.text !== ".";
  });
  return found ?? { start: 0, end: 0, text: "" };
}

/** The place of the first node of a kind, or of the first relation that fits; in bytes of the file, null where there is none. */
function find(tree: unknown, kind: "ParamRef" | null, fits?: (relation: RangeVar) => boolean): number | null {
  if (typeof tree !== "object" || tree === null) return null;
  const node = tree as Readonly<Record<string, unknown>>;
  const content = (kind === null ? node : node[kind]) as { relname?: string; location?: number } | undefined;
  if (kind !== null && content !== undefined) return content.location ?? 0;
  if (kind === null && content?.relname !== undefined && fits?.(content as RangeVar) === true)
    return content.location ?? 0;
  for (const child of Object.values(node)) {
    const place = find(child as Node, kind, fits);
    if (place !== null) return place;
  }
  return null;
}
