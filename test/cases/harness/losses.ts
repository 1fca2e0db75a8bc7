import { expect } from "vitest";
import type { Case } from "./case.js";
import type { Contents, Row, TableContents } from "./contents.js";

/** What the tables held at the first four stations. */
export interface Journal {
  readonly before: Contents;
  readonly applied: Contents;
  /** The same after the application has written. */
  readonly written: Contents;
  readonly back: Contents;
}

/**
 * Nothing is lost on the way back: every row that the application did not touch is what it was before the change, in every column; of those that it touched
 * there is what it wrote, in every column that stands on both sides; what it deleted stays deleted. What is declared to be lost is, and nothing else.
 */
export function expectNothingLost({ touched, loss }: Case, { before, applied, written, back }: Journal): void {
  for (const [name, table] of Object.entries(before.tables)) {
    const lost = loss?.columns?.[name] ?? [];
    const [was, is] = [applied.tables[name], written.tables[name]];
    const names = idColumns(table, touched?.[name] === undefined ? was : table);
    const idOf = (row: Row): string => names.map((column) => row[column] ?? "null").join(" ");
    const ids = new Set(touched?.[name] ?? touchedIds(was, is, idOf));
    const isTouched = (row: Row): boolean => ids.has(idOf(row));
    const now = back.tables[name];
    if (now === undefined) throw new Error(`the table ${name} is not there any more`);

    const untouched = rowsBut(table.rows, isTouched);
    const kept = Object.keys(table.columns).filter((column) => !lost.includes(column));
    expect(texts(rowsBut(now.rows, isTouched), kept), `rows of ${name} that nobody touched`).toEqual(texts(untouched, kept)); // prettier-ignore
    for (const column of lost) {
      const found = texts(rowsBut(now.rows, isTouched), [column]);
      expect(found, `${name}.${column}, which is declared to be lost`).not.toEqual(texts(untouched, [column]));
    }
    if (is === undefined || touched?.[name] !== undefined) continue;
    const common = commonColumns(table, is).filter((column) => kept.includes(column));
    expect(texts(now.rows.filter(isTouched), common), `what the application wrote to ${name}`).toEqual(texts(is.rows.filter(isTouched), common)); // prettier-ignore
  }
}

/** Every table holds what it held. */
export function expectSame(expected: Contents, actual: Contents): void {
  for (const [name, { columns, rows }] of Object.entries(expected.tables)) {
    const found = actual.tables[name]?.rows ?? [];
    expect(texts(found, Object.keys(columns)), `rows of ${name}`).toEqual(texts(rows, Object.keys(columns)));
  }
}

/** A sequence gives no value a second time; one that is gone gives none. */
export function expectNotLowered(before: Contents, after: Contents): void {
  const lowered = Object.entries(before.sequences).filter(([name, place]) => (after.sequences[name] ?? place) < place);
  expect(
    lowered.map(([name]) => name),
    "sequences that give values a second time",
  ).toEqual([]);
}

/** What tells a row from others on both sides: its key, or else all that both know of it. */
function idColumns(table: TableContents, other: TableContents | undefined): readonly string[] {
  const hasKey = table.key.length > 0 && table.key.every((column) => other?.columns[column] !== undefined);
  return hasKey ? table.key : commonColumns(table, other);
}

/** The columns that both have, with the same type. */
function commonColumns(one: TableContents, other: TableContents | undefined): readonly string[] {
  return Object.keys(one.columns).filter((column) => one.columns[column] === other?.columns[column]);
}

/** The rows that are not on both sides as they are: written, inserted or deleted. */
function touchedIds(
  was: TableContents | undefined,
  is: TableContents | undefined,
  idOf: (row: Row) => string,
): readonly string[] {
  const counts = new Map<string, { row: Row; count: number }>();
  const count = (row: Row, by: number): void => {
    const text = JSON.stringify(Object.entries(row).toSorted());
    counts.set(text, { row, count: (counts.get(text)?.count ?? 0) + by });
  };
  for (const row of was?.rows ?? []) count(row, -1);
  for (const row of is?.rows ?? []) count(row, 1);
  return [...counts.values()].flatMap(({ row, count }) => (count === 0 ? [] : [idOf(row)]));
}

function rowsBut(rows: readonly Row[], isLeftOut: (row: Row) => boolean): readonly Row[] {
  return rows.filter((row) => !isLeftOut(row));
}

/** Rows as sorted text, so that neither their order nor that of the columns matters. */
function texts(rows: readonly Row[], columns: readonly string[]): readonly string[] {
  const inOrder = columns.toSorted();
  return rows.map((row) => JSON.stringify(inOrder.map((column) => [column, row[column] ?? null]))).toSorted();
}
