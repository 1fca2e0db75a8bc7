import type pg from "pg";
import { defaultUnit } from "../../snapshot/emit/emission.js";
import type { Dependencies } from "../../snapshot/emit/order.js";
import { objectKey } from "../../snapshot/object-key.js";
import type { CatalogReading } from "./catalog-reading.js";
import { dependencies, inner } from "./sql/dependencies.js";

interface InnerRow {
  readonly address: string;
  readonly constraint: string | null;
  readonly schema: string | null;
  readonly relation: string | null;
  readonly column: string | null;
}

/** The unit at each address (`<class oid>:<oid>`): an object, or the default of a column. */
export async function unitsByAddress(
  client: pg.ClientBase,
  reading: CatalogReading,
): Promise<ReadonlyMap<string, string>> {
  const units = new Map(reading.keyOfAddress);
  for (const row of (await client.query<InnerRow>(inner)).rows) {
    const unit =
      row.constraint === null
        ? defaultUnit(objectKey("column", [row.schema ?? "", row.relation ?? "", row.column ?? ""]))
        : reading.keyOfAddress.get(row.constraint);
    if (unit !== undefined) units.set(row.address, unit);
  }
  return units;
}

/** What each object of the reading, and each column's default, needs to be there first. Same transaction as the reading. */
export async function readDependencies(client: pg.ClientBase, reading: CatalogReading): Promise<Dependencies> {
  const units = await unitsByAddress(client, reading);
  const found = new Map<string, string[]>();
  const rows = (await client.query<{ dependent: string; needed: string }>(dependencies)).rows;
  for (const { dependent, needed } of rows) {
    const [unit, needs] = [units.get(dependent), units.get(needed)];
    if (unit === undefined || needs === undefined || unit === needs) continue;
    const list = found.get(unit);
    if (list === undefined) found.set(unit, [needs]);
    else list.push(needs);
  }
  return found;
}
