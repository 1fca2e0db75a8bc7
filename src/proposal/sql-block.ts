import { effectsOf } from "../sql/effects.js";
import { parseStatements } from "../sql/parse.js";
import type { Statement } from "../sql/statement.js";
import type { CodeBlock } from "./passage.js";
import { LONGEST_NAME_BYTES } from "./rails-attribute.js";
import { excerpt, oneLine, reportError } from "./report-error.js";
import type { BlockReading } from "./shell-block.js";

const LANGUAGES = new Set(["sql", "postgresql", "postgres", "pgsql", "psql"]);

export function isSql(language: string): boolean {
  return LANGUAGES.has(language);
}

/**
 * Reads a block of SQL: each statement that changes the schema or rows is a change of its own.
 *
 * @throws BelayError `sql-syntax` and its kin with the line of the report, `proposal-sql-statement` for a statement that acts on
 *   the session or the transaction, `proposal-sql-directive` for a directive: what a change may do is not for a report to say.
 */
export async function readSqlBlock(block: CodeBlock, source: string): Promise<BlockReading> {
  // The lines before the block are kept as empty ones, so that every line that the parser names is the report's.
  const statements = await parseStatements("\n".repeat(block.line - 1) + block.text, source);
  const readings = statements.map((statement) => readStatement(statement, source));
  const requests = readings.flatMap((reading) => reading.requests);
  const advisories = readings.flatMap((reading) => reading.advisories);
  if (statements.length > 0 || block.text.trim() === "") return { requests, advisories };
  return { requests, advisories: [{ text: `comment: ${oneLine(block.text)}`, line: block.line }] };
}

function readStatement(statement: Statement, source: string): BlockReading {
  const place = { source, line: statement.line };
  const [directive] = statement.directives;
  if (directive !== undefined) throw reportError(place, "sql-directive", "SQL without directives", excerpt(directive));
  const long = statement.tokens.find(isTooLongName);
  if (long !== undefined) {
    throw reportError(place, "name", `names of at most ${LONGEST_NAME_BYTES} bytes`, excerpt(long.text));
  }
  const { nature, command } = effectsOf(statement);
  switch (nature) {
    case "schema":
    case "data":
      return {
        requests: [{ request: { kind: "sql", statement }, command: statement.text, line: statement.line }],
        advisories: [],
      };
    case "query":
    case "utility":
      return {
        requests: [],
        advisories: [{ text: `statement not run: ${oneLine(statement.text)}`, line: statement.line }],
      };
    case "session":
    case "transaction-control":
      throw reportError(
        place,
        "sql-statement",
        "statements that change the schema or rows",
        command,
        "Leave it out: Belay itself opens the transactions and sets what a session needs.",
      );
  }
}

/** PostgreSQL cuts such a name in silence; a constant that starts with a letter (`E'…'`) is no name. */
function isTooLongName({ text }: Statement["tokens"][number]): boolean {
  if (!/^[\p{L}_"]/u.test(text) || /^\p{L}{1,2}&?'/u.test(text)) return false;
  const name = text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
  return Buffer.byteLength(name, "utf8") > LONGEST_NAME_BYTES;
}
