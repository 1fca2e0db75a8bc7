import type { KnexHalf } from "../../change/change.js";
import { BelayError, messageOf } from "../../errors.js";
import { quoteLiteral } from "../../sql/quote.js";
import { knexOn, type Connection } from "./bound-knex.js";
import { Fancy, succeeded } from "./made-up.js";

/** What a half of a knex migration would run, as SQL with its values in place. */
export interface Recording {
  readonly sql: string;
  /** True where it asked the database for something: what it then does may depend on the answer. */
  readonly reads: boolean;
  /** True where it wrote rows, and was told how many. */
  readonly writes: boolean;
}

/** What knex sends for a transaction within its own; everything else of the kind is the author's, and is refused where it is compiled. */
export const nestedTransaction = /^(RELEASE |ROLLBACK TO )?SAVEPOINT trx\d+;?$/;
const reading = /^\s*(SELECT|WITH|SHOW|TABLE|VALUES)\b/i;
const writing = /^\s*(INSERT|UPDATE|DELETE|MERGE)\b/i;

/**
 * Runs a half of a knex migration against nothing, and writes down the SQL that it sends. Every question gets the empty answer.
 * @throws BelayError `knex-not-recorded` where the half fails on that.
 */
export async function recordKnex(half: KnexHalf, file: string): Promise<Recording> {
  try {
    const own = await sentBy(half, nothing);
    return {
      sql: scriptOf(own),
      reads: own.some((sql) => reading.test(sql)),
      writes: own.some((sql) => writing.test(sql)),
    };
  } catch (thrown) {
    throw new BelayError(
      "refused",
      "knex-not-recorded",
      `${file}: its SQL could not be recorded: ${messageOf(thrown)}`,
      {
        hint: "Write it as an SQL pair, or so that it only builds statements.",
        cause: thrown,
      },
    );
  }
}

/** Statements as a script. */
export function scriptOf(statements: readonly string[]): string {
  return statements.map((sql) => `${sql.replace(/;\s*$/, "")};\n`).join("");
}

/** Whether what a half that writes rows sends after that hangs on how many there were, or on what was given back of them. */
export async function decidesByWrites(half: KnexHalf): Promise<boolean> {
  try {
    const [none, some] = [await sentBy(half, writtenRows(0)), await sentBy(half, writtenRows(2))];
    return scriptOf(none) !== scriptOf(some);
  } catch {
    return true;
  }
}

type Answering = (text: string) => object;

const nothing: Answering = () => ({ rows: [], rowCount: 0, command: "", fields: [] });

function writtenRows(rows: number): Answering {
  const fancy = new Fancy();
  return (text) => succeeded(text, fancy.has(text) ? rows : 0);
}

async function sentBy(half: KnexHalf, answer: Answering): Promise<readonly string[]> {
  const statements: string[] = [];
  const knex = await knexOn(recorder(statements, answer));
  await knex.transaction(async (transaction) => half(transaction));
  // The first and the last are those of the transaction around it.
  return statements.slice(1, -1).filter((sql) => !nestedTransaction.test(sql));
}

interface Query {
  readonly text: string;
  readonly values?: readonly unknown[];
}

function recorder(statements: string[], answer: Answering): Connection {
  const query = (query: Query | string, done: (error: Error | null, result: unknown) => void): void => {
    const { text, values = [] } = typeof query === "string" ? { text: query } : query;
    statements.push(inline(text, values));
    done(null, answer(text));
  };
  return { query } as unknown as Connection;
}

/** Skips what is quoted: strings, identifiers and dollar quotes. */
const placeholder = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([A-Za-z_]*)\$[\s\S]*?\$\1\$|\$(\d+)/g;

/** Puts the values in the places of `$1`, `$2` …. */
export function inline(text: string, values: readonly unknown[]): string {
  return text.replaceAll(placeholder, (whole: string, _tag: string | undefined, index: string | undefined) =>
    index === undefined ? whole : literal(values[Number(index) - 1]),
  );
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "number" || typeof value === "bigint") return value < 0 ? `(${String(value)})` : String(value);
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "string") return quoteLiteral(value);
  if (value instanceof Date) return quoteLiteral(value.toISOString());
  if (Buffer.isBuffer(value)) return quoteLiteral(`\\x${value.toString("hex")}`);
  if (Array.isArray(value)) return `ARRAY[${value.map(literal).join(", ")}]`;
  return quoteLiteral(JSON.stringify(value));
}
