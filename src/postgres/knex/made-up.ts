import pg from "pg";

/** The built-in types whose values cannot be any text, by OID (`pg_type.dat`): one value each that every run gives otherwise. */
const texts: Readonly<Record<number, (n: number) => string>> = {
  16: (n) => (n < 2000 ? "t" : "f"),
  17: (n) => `\\x${n.toString(16).padStart(8, "0")}`,
  20: String,
  21: String,
  23: String,
  26: String,
  700: (n) => `${n}.5`,
  701: (n) => `${n}.5`,
  790: (n) => `$${n}.00`,
  1700: (n) => `${n}.5`,
  1082: (n) => `2001-01-${day(n)}`,
  1083: (n) => `01:02:${day(n)}`,
  1114: (n) => `2001-01-${day(n)} 01:02:03`,
  1184: (n) => `2001-01-${day(n)} 01:02:03+00`,
  1186: (n) => `${n} days`,
  2950: (n) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
  114: (n) => `{"belay":${n}}`,
  3802: (n) => `{"belay":${n}}`,
};

function day(n: number): string {
  return String((n % 28) + 1).padStart(2, "0");
}

/** How often a statement is answered with what is made up, and how many are in one run: a half that goes on for as long as there are rows must come to its end. */
const mostOfOne = 2;
const mostOfAll = 500;

/** Which statements of a run are answered with what is made up. */
export class Fancy {
  readonly #times = new Map<string, number>();
  #all = 0;

  /** Whether this one is, by its text; each asking counts. */
  has(text: string): boolean {
    const times = (this.#times.get(text) ?? 0) + 1;
    this.#times.set(text, times);
    this.#all += 1;
    return times <= mostOfOne && this.#all <= mostOfAll;
  }
}

/** The same answer with this many rows in it, of the same columns and with values that no table has; what changes rows is said to have changed as many. */
export function madeUp(result: unknown, rows: number): unknown {
  if (Array.isArray(result)) return result.map((each: unknown) => madeUp(each, rows));
  const { fields } = result as pg.QueryResult;
  const made =
    fields.length === 0 ? [] : Array.from({ length: rows }, (_, index) => rowOf(fields, rows * 1000 + index));
  return Object.assign(Object.create(Object.getPrototypeOf(result) as object) as object, result, {
    rows: made,
    rowCount: rows,
  });
}

function rowOf(fields: pg.QueryResult["fields"], n: number): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ name, dataTypeID }) => [name, valueOf(dataTypeID, n)]));
}

/** As the driver would have read it. */
function valueOf(type: number, n: number): unknown {
  const parse = pg.types.getTypeParser(type, "text") as (text: string) => unknown;
  const read = parse(texts[type]?.(n) ?? "{}");
  return Array.isArray(read) || texts[type] !== undefined ? read : `belay ${n}`;
}

/** The answer to a statement that did not run, as if it had found this many rows. */
export function succeeded(text: string, rows: number): object {
  const command = /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? "";
  return { command, rows: Array.from({ length: rows }, () => ({})), rowCount: rows, fields: [] };
}
