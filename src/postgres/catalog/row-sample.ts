import type pg from "pg";
import { type ForeignKey, type RowTable, parentRows, someRows } from "./sql/rows.js";

/** Places (`ctid`) of rows by the oid of their table. They are good within one snapshot of the source. */
export type RowSample = ReadonlyMap<number, ReadonlySet<string>>;

type Growing = Map<number, Set<string>>;

function add(sample: Growing, table: number, places: readonly string[]): readonly string[] {
  const known = sample.get(table) ?? new Set<string>();
  sample.set(table, known);
  const fresh = places.filter((place) => !known.has(place));
  for (const place of fresh) known.add(place);
  return fresh;
}

/** The rows that `places` of the key's table refer to and that were not in the sample, by table. */
async function addParents(
  client: pg.ClientBase,
  sample: Growing,
  key: ForeignKey,
  places: readonly string[],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const found = new Map<number, string[]>();
  const rows = (await client.query<{ table: number; place: string }>(parentRows(key), [places])).rows;
  for (const { table, place } of rows) found.set(table, [...(found.get(table) ?? []), place]);
  return new Map([...found].map(([table, parents]) => [table, add(sample, table, parents)] as const));
}

/**
 * Up to `rowsPerTable` rows of each table and every row that these refer to, directly or through others, also in circles. So no
 * foreign key of the sample leads to a row outside it, unless it does in the source.
 */
export async function sampleRows(
  client: pg.ClientBase,
  tables: readonly RowTable[],
  keys: readonly ForeignKey[],
  rowsPerTable: number,
): Promise<RowSample> {
  const sample: Growing = new Map();
  const waiting: (readonly [table: number, places: readonly string[]])[] = [];
  for (const table of tables) {
    const rows = (await client.query<{ place: string }>(someRows(table), [rowsPerTable])).rows;
    waiting.push([
      table.oid,
      add(
        sample,
        table.oid,
        rows.map(({ place }) => place),
      ),
    ]);
  }
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [table, places] = next;
    if (places.length === 0) continue;
    for (const key of keys.filter((one) => one.table === table))
      for (const parents of await addParents(client, sample, key, places)) waiting.push(parents);
  }
  return sample;
}
