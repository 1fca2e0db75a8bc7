import type { ColumnRef, ResTarget } from "libpg-query";
import { stringsOf } from "../node.js";

/** Columns that every table has (PostgreSQL manual, System Columns). */
export const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"]);

/**
 * The columns that an expression names, each once: bare ones, and those qualified by one of the given names of the table. Names that a
 * query gives to its own results are left out, since ORDER BY and GROUP BY may mean these.
 */
export function columnsInExpression(part: unknown, tableNames: ReadonlySet<string> = new Set()): readonly string[] {
  const columns = new Set<string>();
  const results = new Set<string>();
  collect(part);
  return [...columns].filter((column) => !results.has(column));

  function collect(value: unknown): void {
    if (Array.isArray(value)) return value.forEach(collect);
    if (typeof value !== "object" || value === null) return;
    const tree = value as { readonly ColumnRef?: ColumnRef; readonly ResTarget?: ResTarget };
    if (tree.ColumnRef !== undefined) addColumn(tree.ColumnRef);
    if (isNamedResult(tree.ResTarget)) results.add(tree.ResTarget?.name ?? "");
    Object.values(value).forEach(collect);
  }

  function addColumn({ fields }: ColumnRef): void {
    const [qualifier, column] = [stringsOf(fields).at(-2), stringsOf(fields).at(-1)];
    const isStar = stringsOf(fields).length !== (fields ?? []).length;
    if (column === undefined || isStar) return;
    if (qualifier === undefined || tableNames.has(qualifier)) columns.add(column);
  }
}

/** `select a + b as sum`: a result with a name of its own that is not just the column of that name. */
function isNamedResult(target: ResTarget | undefined): boolean {
  if (target?.name === undefined || target.val === undefined) return false;
  const column = (target.val as { readonly ColumnRef?: ColumnRef }).ColumnRef;
  return stringsOf(column?.fields).at(-1) !== target.name;
}
