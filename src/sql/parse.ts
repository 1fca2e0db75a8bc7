import type { RawStmt } from "libpg-query";
import { loadParser, type Parser } from "./parser.js";
import { SourceText } from "./source-text.js";
import { splitStatements, type FileToken } from "./split.js";
import type { Statement } from "./statement.js";
import { copyFromStdinError, nulCharacterError, readsStandardInput, syntaxError } from "./syntax-error.js";

/**
 * The scanner cannot give these back. In a text that has been parsed they stand within names, texts and comments only, or are white
 * space, so a blank of the same one byte leaves all tokens where they are.
 */
const CONTROL_CHARACTER = /(?![\t\n\r\u0080-\u009F])\p{Cc}/gu;

const BYTE_ORDER_MARK = "\uFEFF";

/**
 * The statements of a text, in order, as PostgreSQL 18 reads them. A text that is empty or holds only comments has none.
 *
 * @param text SQL as a file holds it; a byte order mark at its start is passed over.
 * @param source the name of the file, for messages.
 * @throws BelayError `sql-syntax`, `sql-psql-command`, `sql-copy-stdin` or `sql-directive-misplaced`, each with the place as
 *   `file:line:column`, counted in characters.
 */
export async function parseStatements(text: string, source?: string): Promise<readonly Statement[]> {
  const file = new SourceText(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  if (file.text.includes("\0")) throw nulCharacterError(file, source);
  if (file.text.trim() === "") return [];
  const parser = await loadParser();
  const trees = await parseWhole(parser, file, source);
  const statements = splitStatements(file, await scanWhole(parser, file), trees, source);
  const reader = statements.find(({ node }) => readsStandardInput(node));
  if (reader !== undefined) throw copyFromStdinError(reader, source);
  return statements;
}

async function parseWhole(parser: Parser, file: SourceText, source: string | undefined): Promise<readonly RawStmt[]> {
  try {
    return (await parser.parse(file.text)).stmts ?? [];
  } catch (thrown) {
    throw await syntaxError(parser, file, source, thrown);
  }
}

async function scanWhole(parser: Parser, file: SourceText): Promise<readonly FileToken[]> {
  const { tokens } = await parser.scan(file.text.replaceAll(CONTROL_CHARACTER, " "));
  return tokens.map(({ start, end, tokenName }) => ({
    start,
    end,
    text: file.slice(start, end),
    comment: tokenName === "SQL_COMMENT" || tokenName === "C_COMMENT",
  }));
}
