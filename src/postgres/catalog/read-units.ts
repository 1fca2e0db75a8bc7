import type pg from "pg";
import type { CatalogRow } from "./catalog-row.js";
import { collect, nothingCollected, type Collected } from "./catalog-reading.js";
import type { UnitKind } from "./sql/fragments.js";
import { readUnits, unitQueries } from "./sql/units.js";

/** The oids of units, by their kind. */
export type Units = ReadonlyMap<UnitKind, ReadonlySet<number>>;

/** Reads some units of the catalog, with all that belongs to them. Same transaction and settings as for reading everything. */
export async function readUnitsOf(
  client: pg.ClientBase,
  serverVersion: number,
  excluded: readonly string[],
  units: Units,
): Promise<Collected> {
  const collected = nothingCollected();
  const kinds = [...units.keys()].sort();
  if (kinds.length === 0) return collected;
  const queries = unitQueries(serverVersion);
  const { rows } = await client.query<{ query: number; row: CatalogRow }>({
    name: `belay_units_${kinds.join("_")}`,
    text: readUnits(queries, kinds),
    values: [excluded, ...kinds.map((kind) => [...(units.get(kind) ?? [])])],
  });
  for (const [index, query] of queries.entries()) {
    const own = rows.filter((found) => found.query === index).map(({ row }) => row);
    collect(collected, query, own.toSorted(byPlace));
  }
  return collected;
}

function byPlace(one: CatalogRow, other: CatalogRow): number {
  return Number(one["place"] ?? 0) - Number(other["place"] ?? 0);
}
