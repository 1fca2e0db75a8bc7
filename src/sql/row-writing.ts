import type { DeleteStmt, InsertStmt, MergeStmt, RangeVar, UpdateStmt } from "libpg-query";
import { relationName } from "./effect/relation.js";
import { contentOf, contentsOf, kindOf, type Node } from "./node.js";
import { quoteIdentifier, quoteQualified } from "./quote.js";
import type { Statement, Token } from "./statement.js";

/** A statement that writes rows, cut so that what it touches can be read before it runs and after. */
export interface RowWriting {
  readonly command: "INSERT" | "UPSERT" | "UPDATE" | "DELETE" | "MERGE" | "TRUNCATE";
  /** The tables, quoted as they stand there: one, but of a TRUNCATE. */
  readonly relations: readonly string[];
  /** ONLY: rows of tables that inherit from it are left out. */
  readonly only: boolean;
  /** What the statement calls the table, quoted. */
  readonly as: string;
  /** The columns that it sets; empty for what writes whole rows. */
  readonly sets: readonly string[];
  /** `FROM … WHERE (…)`: what stands behind `SELECT <columns>` to read the rows before they are written, open for `AND <condition>`; null where only running it tells them. */
  readonly reads: string | null;
  /** Its WITH clause, which belongs before that SELECT too; empty without one. */
  readonly with: string;
  /** The statement itself, open for `AND <condition>` where `reads` is, and else for `RETURNING <columns>`. */
  readonly run: string;
}

/**
 * Cuts a statement that writes rows of tables; null for every other one, and for one that cannot be cut without changing what it does: a WITH clause that writes,
 * the row of a cursor, a RETURNING of its own.
 */
export function rowWritingOf(statement: Statement): RowWriting | null {
  const { node } = statement;
  const kind = kindOf(node);
  switch (kind) {
    case "UpdateStmt":
    case "DeleteStmt":
      return found(statement, contentOf(node, kind) as UpdateStmt & DeleteStmt, kind);
    case "InsertStmt":
    case "MergeStmt":
      return whole(statement, contentOf(node, kind) as InsertStmt & MergeStmt, kind);
    case "TruncateStmt":
      return truncate(statement);
    default:
      return null;
  }
}

type Returning = { readonly returningClause?: unknown; readonly returningList?: unknown };

function isClosed(content: Returning & { readonly withClause?: { readonly ctes?: readonly Node[] } }): boolean {
  const entries = contentsOf(content.withClause?.ctes, "CommonTableExpr");
  const writes = entries.some(({ ctequery }) => kindOf(ctequery) !== "SelectStmt");
  return writes || content.returningClause !== undefined || content.returningList !== undefined;
}

function calledIn(relation: RangeVar | undefined): Pick<RowWriting, "relations" | "only" | "as"> {
  const name = relationName(relation);
  const as = quoteIdentifier(relation?.alias?.aliasname ?? name.name);
  return { relations: [quoteQualified(name)], only: relation?.inh !== true, as };
}

/** INSERT and MERGE: which rows they meet shows only when they run. */
function whole(
  { text }: Statement,
  content: InsertStmt & MergeStmt,
  kind: "InsertStmt" | "MergeStmt",
): RowWriting | null {
  if (isClosed(content)) return null;
  const updates = content.onConflictClause?.action === "ONCONFLICT_UPDATE";
  const command = kind === "MergeStmt" ? "MERGE" : updates ? "UPSERT" : "INSERT";
  return { command, ...calledIn(content.relation), sets: [], reads: null, with: "", run: text };
}

function truncate({ node, text }: Statement): RowWriting {
  const relations = contentsOf(contentOf(node, "TruncateStmt")?.relations, "RangeVar");
  const names = relations.map((relation) => quoteQualified(relationName(relation)));
  const only = relations.every(({ inh }) => inh !== true);
  return { command: "TRUNCATE", relations: names, only, as: "", sets: [], reads: null, with: "", run: text };
}

/** UPDATE and DELETE: their rows are found by a condition that can be asked beforehand. */
function found(
  statement: Statement,
  content: UpdateStmt & DeleteStmt,
  kind: "UpdateStmt" | "DeleteStmt",
): RowWriting | null {
  if (isClosed(content) || kindOf(content.whereClause) === "CurrentOfExpr") return null;
  const { text } = statement;
  const tokens = outermost(statement.tokens);
  const isUpdate = kind === "UpdateStmt";
  const verb = tokens.findIndex((token, index) => isVerb(token, tokens[index + 1], isUpdate ? "update" : "delete"));
  const where = content.whereClause === undefined ? null : (tokens.find(isWord("where", tokens)) ?? null);
  const set = isUpdate ? setToken(statement, tokens, content) : null;
  const opening = isUpdate ? tokens[verb] : tokens[verb + 1];
  const sources = isUpdate ? content.fromClause : content.usingClause;
  const after = tokens.filter(({ start }) => start >= (set?.end ?? opening?.end ?? 0));
  const from = sources === undefined ? null : (after.find(isWord(isUpdate ? "from" : "using", after)) ?? null);
  if (verb < 0 || opening === undefined || (isUpdate && set === null)) return null;
  if ((sources !== undefined && from === null) || (content.whereClause !== undefined && where === null)) return null;

  const end = where?.start ?? text.length;
  const target = text.slice(opening.end, set?.start ?? from?.start ?? end).trim();
  const others = from === null ? "" : `, ${text.slice(from.end, end).trim()}\n`;
  const condition = where === null ? "true" : `(${text.slice(where.end).trim()}\n)`;
  return {
    command: isUpdate ? "UPDATE" : "DELETE",
    ...calledIn(content.relation),
    sets: contentsOf(content.targetList, "ResTarget").flatMap(({ name }) => name ?? []),
    reads: `FROM ${target}\n${others} WHERE ${condition}`,
    with: text.slice(0, tokens[verb]?.start ?? 0).trim(),
    run: `${text.slice(0, end).trim()}\n WHERE ${condition}`,
  };
}

/** The words that stand in no parentheses. */
function outermost(tokens: readonly Token[]): readonly Token[] {
  let depth = 0;
  return tokens.filter(({ text }) => {
    if (text === ")" || text === "]") depth -= 1;
    const isOutside = depth === 0;
    if (text === "(" || text === "[") depth += 1;
    return isOutside;
  });
}

/** A part of a WITH clause may bear the name of the verb: then AS or its columns follow. */
function isVerb({ text }: Token, next: Token | undefined, verb: string): boolean {
  return text.toLowerCase() === verb && next !== undefined && !["as", "("].includes(next.text.toLowerCase());
}

/** After a dot a word is a name, and after IS DISTINCT the word FROM is none of the clauses. */
function isWord(word: string, tokens: readonly Token[]): (token: Token) => boolean {
  return (token) => {
    const before = tokens[tokens.indexOf(token) - 1]?.text.toLowerCase();
    return token.text.toLowerCase() === word && before !== "." && before !== "distinct";
  };
}

/** The word SET before the first column: a table, too, may be called so. */
function setToken({ text, startByte }: Statement, tokens: readonly Token[], { targetList }: UpdateStmt): Token | null {
  const first = contentsOf(targetList, "ResTarget")[0]?.location ?? 0;
  const at = Buffer.from(text)
    .subarray(0, Math.max(0, first - startByte))
    .toString().length;
  return tokens.findLast((token) => token.text.toLowerCase() === "set" && token.end <= at) ?? null;
}
