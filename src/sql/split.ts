import type { RawStmt } from "libpg-query";
import type { Node } from "./node.js";
import type { SourceText } from "./source-text.js";
import type { Statement, Token } from "./statement.js";
import { misplacedDirectiveError } from "./syntax-error.js";

/** A word or a comment of a whole file; offsets in bytes. */
export interface FileToken {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly comment: boolean;
}

/**
 * Cuts a file into its statements. Directives bind to the statement that follows them; one that has none to follow, inside a
 * statement or after the last, would be lost without a word, so it is refused.
 */
export function splitStatements(
  file: SourceText,
  fileTokens: readonly FileToken[],
  trees: readonly RawStmt[],
  source: string | undefined,
): readonly Statement[] {
  const statements: Statement[] = [];
  let next = 0;
  for (const tree of trees) {
    if (tree.stmt === undefined) continue;
    const from = tree.stmt_location ?? 0;
    const to = tree.stmt_len === undefined ? file.lengthBytes : from + tree.stmt_len;
    const before = takeWhile(fileTokens, next, (token) => token.start < from);
    const own = takeWhile(fileTokens, next + before.length, (token) => token.end <= to);
    next += before.length + own.length;
    statements.push(toStatement(file, tree.stmt, before, withoutTrailingComments(own, file, source)));
  }
  if (statements.length > 0) refuseDirectives(fileTokens.slice(next), file, source);
  return statements;
}

function toStatement(
  file: SourceText,
  node: Node,
  before: readonly FileToken[],
  words: readonly FileToken[],
): Statement {
  const startByte = words[0]?.start ?? 0;
  return {
    text: file.slice(startByte, words.at(-1)?.end ?? startByte),
    ...file.positionAtByte(startByte),
    directives: before.flatMap((comment) => directiveOf(comment) ?? []),
    node,
    tokens: toTokens(file, startByte, words),
    startByte,
  };
}

function withoutTrailingComments(
  own: readonly FileToken[],
  file: SourceText,
  source: string | undefined,
): readonly FileToken[] {
  refuseDirectives(own, file, source);
  return own.filter((token) => !token.comment);
}

/** Offsets into the statement's text, found by going along, since counting from its start each time would be quadratic. */
function toTokens(file: SourceText, startByte: number, words: readonly FileToken[]): readonly Token[] {
  let [byte, offset] = [startByte, 0];
  return words.map((word) => {
    const start = offset + file.slice(byte, word.start).length;
    [byte, offset] = [word.end, start + word.text.length];
    return { start, end: offset, text: word.text };
  });
}

function directiveOf(token: FileToken): string | null {
  if (!token.comment || !token.text.startsWith("--")) return null;
  const said = token.text.slice(2).trim();
  return said.startsWith("belay:") ? said : null;
}

function refuseDirectives(tokens: readonly FileToken[], file: SourceText, source: string | undefined): void {
  const lost = tokens.find((token) => directiveOf(token) !== null);
  if (lost !== undefined) throw misplacedDirectiveError(file.positionAtByte(lost.start), source, lost.text);
}

function takeWhile<Item>(items: readonly Item[], from: number, belongs: (item: Item) => boolean): readonly Item[] {
  let end = from;
  for (let item = items[end]; item !== undefined && belongs(item); item = items[end]) end += 1;
  return items.slice(from, end);
}
