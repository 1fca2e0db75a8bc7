import { BelayError } from "../errors.js";
import { positionOf, type Statement } from "./statement.js";

const DIRECTIVE = /^belay:batch(?=\s|$)\s*(.*)$/;
const KEY = /^key\s*=\s*(.*)$/;
const COLUMN = /^\s*(?:([A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*)|"((?:[^"]|"")+)")\s*(?:,|$)/;

/** `-- belay:batch`, or `-- belay:batch key=tenant, "Id"`: the columns are written as in SQL, where letters beyond ASCII keep their case (in UTF-8). */
export interface BatchDirective {
  readonly key: readonly string[] | null;
}

/** @throws BelayError `batch-directive` where it cannot be read. */
export function batchDirectiveOf(statement: Statement, file: string): BatchDirective | null {
  const given = statement.directives.flatMap((directive) => DIRECTIVE.exec(directive) ?? []);
  const [, rest = ""] = given;
  if (given.length === 0) return null;
  if (given.length > 2) throw invalid(statement, file, "belay:batch stands there twice");
  if (rest.trim() === "") return { key: null };
  const [, list] = KEY.exec(rest.trim()) ?? [];
  if (list === undefined) throw invalid(statement, file, `belay:batch does not know "${rest.trim()}"`);
  return { key: columnsOf(list, statement, file) };
}

function columnsOf(list: string, statement: Statement, file: string): readonly string[] {
  const columns: string[] = [];
  for (let rest = list; rest.trim() !== "";) {
    const [whole, plain, quoted] = COLUMN.exec(rest) ?? [];
    if (whole === undefined) throw invalid(statement, file, `"${rest.trim()}" is no list of columns`);
    columns.push(plain?.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()) ?? quoted?.replaceAll('""', '"') ?? "");
    rest = rest.slice(whole.length);
  }
  if (columns.length === 0) throw invalid(statement, file, "belay:batch key= names no column");
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice !== undefined) throw invalid(statement, file, `belay:batch names the column ${twice} twice`);
  return columns;
}

function invalid(statement: Statement, file: string, message: string): BelayError {
  return new BelayError("usage", "batch-directive", `${file}:${statement.line}:${statement.column}: ${message}.`, {
    hint: "Write `-- belay:batch`, or `-- belay:batch key=<column>[, <column>…]` for the columns of another unique key.",
  });
}

/** A statement that cannot be cut into ranges, at a place of its tree (bytes of the file) or at its start. */
export function refusal(statement: Statement, file: string, why: string, location: number | null = null): BelayError {
  const { line, column } = location === null ? statement : positionOf(statement, location);
  return new BelayError("usage", "batch-statement", `${file}:${line}:${column}: this cannot run in batches: ${why}.`, {
    hint: "Batches take one UPDATE or DELETE on a table, cut at its primary key. Write it so, or take `-- belay:batch` away.",
  });
}
