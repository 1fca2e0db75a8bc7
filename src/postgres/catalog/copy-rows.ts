import type pg from "pg";
import { sqlStateOf } from "../session/sql-state.js";
import { withPinnedSettings } from "./pinned-settings.js";
import { ownSchemas } from "./read-snapshot.js";
import { sampleRows } from "./row-sample.js";
import {
  type ForeignKey,
  type RowTable,
  type SequencePosition,
  deleteDangling,
  foreignKeys,
  insertRows,
  moveSequence,
  rowTables,
  rowsAt,
  sequencePositions,
} from "./sql/rows.js";

export interface CopiedRows {
  /** Tables into which at least one row was copied. */
  readonly tables: number;
  readonly rows: number;
  /** Rows that are not in the copy: those that break a CHECK which is not validated, and those whose parent is missing. */
  readonly skipped: number;
}

const rowsInOneStatement = 500;
const checkViolation = "23514";

/** The same formats as on the reading side; and no trigger or foreign key acts on what is only copied. */
const destinationSettings = `select set_config('session_replication_role', 'replica', true), set_config('DateStyle', 'ISO, YMD', true),
  set_config('IntervalStyle', 'postgres', true), set_config('TimeZone', 'UTC', true), set_config('lc_monetary', 'C', true),
  set_config('xmloption', 'content', true), set_config('row_security', 'off', true), set_config('search_path', '', true)`;

/** Whether the rows went in; `false` where a CHECK refused one of them, and then none did. */
async function tryInsert(destination: pg.ClientBase, table: RowTable, rows: readonly string[]): Promise<boolean> {
  await destination.query("savepoint belay_rows");
  try {
    await destination.query(insertRows(table), [`[${rows.join(",")}]`]);
    await destination.query("release savepoint belay_rows");
    return true;
  } catch (error) {
    if (sqlStateOf(error) !== checkViolation) throw error;
    await destination.query("rollback to savepoint belay_rows");
    return false;
  }
}

/** How many of the rows went in: all at once, or one by one without those that a CHECK refuses. */
async function insert(destination: pg.ClientBase, table: RowTable, rows: readonly string[]): Promise<number> {
  if (await tryInsert(destination, table, rows)) return rows.length;
  let inserted = 0;
  for (const row of rows) if (await tryInsert(destination, table, [row])) inserted += 1;
  return inserted;
}

async function copyTable(
  source: pg.ClientBase,
  destination: pg.ClientBase,
  table: RowTable,
  places: readonly string[],
): Promise<number> {
  let inserted = 0;
  for (let start = 0; start < places.length; start += rowsInOneStatement) {
    const part = places.slice(start, start + rowsInOneStatement);
    const rows = (await source.query<{ row: string }>(rowsAt(table), [part])).rows;
    inserted += await insert(
      destination,
      table,
      rows.map(({ row }) => row),
    );
  }
  return inserted;
}

/** Until none is left, since a row that goes may have been another one's parent. */
async function removeDangling(destination: pg.ClientBase, keys: readonly ForeignKey[]): Promise<number> {
  let removed = 0;
  for (let before = -1; before !== removed;) {
    before = removed;
    for (const key of keys)
      if (key.isValidated) removed += (await destination.query(deleteDangling(key))).rowCount ?? 0;
  }
  return removed;
}

async function moveSequences(source: pg.ClientBase, destination: pg.ClientBase): Promise<void> {
  for (const sequence of (await source.query<SequencePosition>(sequencePositions, [ownSchemas])).rows)
    await destination.query(moveSequence(sequence), [sequence.lastValue]);
}

async function copyWithin(
  source: pg.ClientBase,
  destination: pg.ClientBase,
  rowsPerTable: number,
): Promise<CopiedRows> {
  const tables = (await source.query<RowTable>(rowTables, [ownSchemas])).rows;
  const keys = (await source.query<ForeignKey>(foreignKeys, [ownSchemas])).rows;
  const sample = await sampleRows(source, tables, keys, rowsPerTable);
  let [filled, rows, skipped] = [0, 0, 0];
  for (const table of tables) {
    const places = [...(sample.get(table.oid) ?? [])];
    const inserted = await copyTable(source, destination, table, places);
    filled += inserted > 0 ? 1 : 0;
    rows += inserted;
    skipped += places.length - inserted;
  }
  const removed = await removeDangling(destination, keys);
  await moveSequences(source, destination);
  return { tables: filled, rows: rows - removed, skipped: skipped + removed };
}

/**
 * Copies up to `rowsPerTable` rows of each user table into the rebuilt catalog of `destination` (a superuser's session), and
 * besides these every row that they refer to, so that each foreign key holds there as it does in the source. Values keep their
 * types exactly; generated columns are computed anew; triggers do not fire; sequences go on after the highest value. All in one
 * transaction on either side, of which the source's only reads.
 */
export async function copySampleRows(
  source: pg.ClientBase,
  destination: pg.ClientBase,
  rowsPerTable: number,
): Promise<CopiedRows> {
  await destination.query("begin");
  try {
    await destination.query(destinationSettings);
    const copied = await withPinnedSettings(source, () => copyWithin(source, destination, rowsPerTable));
    await destination.query("commit");
    return copied;
  } catch (error) {
    await destination.query("rollback");
    throw error;
  }
}
