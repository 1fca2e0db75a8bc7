import { BelayError, messageOf } from "../errors.js";
import { contentOf, type Node } from "./node.js";
import type { Parser } from "./parser.js";
import type { Position, SourceText } from "./source-text.js";
import type { Statement } from "./statement.js";

/** The rows of a COPY can look like anything, so only the last few semicolons before the error are tried as its end. */
const COPY_ENDS_TRIED = 3;

/** What is wrong with a text that the parser refused, said for a person, with the place. */
export async function syntaxError(
  parser: Parser,
  file: SourceText,
  source: string | undefined,
  thrown: unknown,
): Promise<BelayError> {
  const refusal = parser.refusalOf(thrown);
  if (refusal === null) return unreadableError(source, thrown);
  const offset = refusal.offsetCharacters;
  if (offset === null) return syntaxErrorAt(null, source, refusal.message, "", thrown);
  const before = file.beforeCharacter(offset);
  const rest = file.text.slice(before.length);
  const position = file.positionAtCharacter(offset);
  if (rest.startsWith("\\")) return psqlCommandError(position, source, rest, thrown);
  const copyAt = await copyBefore(parser, file, before);
  if (copyAt !== null) return copyFromStdinError(copyAt, source);
  return syntaxErrorAt(position, source, refusal.message, rest, thrown);
}

export function nulCharacterError(file: SourceText, source: string | undefined): BelayError {
  const before = file.text.slice(0, file.text.indexOf("\0"));
  const position = file.positionAtByte(Buffer.byteLength(before, "utf8"));
  return syntaxErrorAt(position, source, "a NUL character, which SQL cannot hold", "", undefined);
}

export function copyFromStdinError(position: Position, source: string | undefined): BelayError {
  return new BelayError(
    "usage",
    "sql-copy-stdin",
    `${placeOf(position, source)}: COPY … FROM STDIN takes its rows from psql, and there is no psql here to send them.`,
    { hint: "Write the rows as INSERT … VALUES, or load them with a command change." },
  );
}

export function misplacedDirectiveError(position: Position, source: string | undefined, directive: string): BelayError {
  return new BelayError(
    "usage",
    "sql-directive-misplaced",
    `${placeOf(position, source)}: no statement follows the directive "${directive.trim()}", so it would have no effect.`,
    { hint: "Put the directive on a line of its own, directly before the statement that it speaks of." },
  );
}

/** COPY … FROM STDIN: neither a file of the server nor a program. */
export function readsStandardInput(node: Node): boolean {
  const copy = contentOf(node, "CopyStmt");
  return copy?.is_from === true && copy.filename === undefined && copy.is_program !== true;
}

function psqlCommandError(position: Position, source: string | undefined, rest: string, cause: unknown): BelayError {
  const [command] = rest.split(/\s/, 1);
  return new BelayError(
    "usage",
    "sql-psql-command",
    `${placeOf(position, source)}: ${command ?? "\\"} is a command of psql, not SQL.`,
    { hint: "Leave it out, or write in SQL what it does.", cause },
  );
}

function syntaxErrorAt(
  position: Position | null,
  source: string | undefined,
  message: string,
  rest: string,
  cause: unknown,
): BelayError {
  const hint = rest.startsWith(":")
    ? "A variable of psql cannot be used here; write the value itself."
    : "Correct the statement at this place; the grammar is that of PostgreSQL 18.";
  return new BelayError("usage", "sql-syntax", `${placeOf(position, source)}: ${message}`, { hint, cause });
}

/** A text that is too deep for the parser, say; nothing is known about the place. */
function unreadableError(source: string | undefined, cause: unknown): BelayError {
  return new BelayError(
    "usage",
    "sql-syntax",
    `${placeOf(null, source)}: PostgreSQL's parser cannot read this text (${messageOf(cause)}).`,
    { hint: "Split the text into smaller statements.", cause },
  );
}

function placeOf(position: Position | null, source: string | undefined): string {
  const name = source ?? "SQL";
  return position === null ? name : `${name}:${position.line}:${position.column}`;
}

/** The COPY … FROM STDIN that ends just before the place of an error: its rows are what the parser stumbled over. */
async function copyBefore(parser: Parser, file: SourceText, before: string): Promise<Position | null> {
  let end = before.length;
  for (let tried = 0; tried < COPY_ENDS_TRIED; tried += 1) {
    end = before.lastIndexOf(";", end - 1);
    if (end <= 0) return null;
    const last = await lastStatementOf(parser, before.slice(0, end));
    if (last === null) continue;
    return readsStandardInput(last.node) ? file.positionAtByte(last.startByte) : null;
  }
  return null;
}

async function lastStatementOf(parser: Parser, text: string): Promise<Pick<Statement, "node" | "startByte"> | null> {
  try {
    const last = (await parser.parse(text)).stmts?.at(-1);
    return last?.stmt === undefined ? null : { node: last.stmt, startByte: last.stmt_location ?? 0 };
  } catch (thrown) {
    if (parser.refusalOf(thrown) === null) throw thrown;
    return null;
  }
}
