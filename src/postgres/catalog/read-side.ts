import type pg from "pg";
import type { Side } from "../../snapshot/derive/side.js";
import { objectKey } from "../../snapshot/object-key.js";
import { readCatalog, type CatalogReading } from "./catalog-reading.js";
import { settledReading } from "./settled-reading.js";
import { unitsByAddress } from "./read-dependencies.js";
import { ownSchemas } from "./read-snapshot.js";
import { columnDependencies, columnPlaces } from "./sql/places.js";

interface ColumnPlace {
  readonly address: string;
  readonly schema: string;
  readonly relation: string;
  readonly column: string;
}

/** Reads a catalog with all that a way from it, or to it, has to know. */
export function readSide(client: pg.ClientBase): Promise<Side> {
  return settledReading(client, async () => {
    const reading = await readCatalog(client, ownSchemas);
    const columns = await columnsByAddress(client, reading);
    const places = [...[...reading.keyOfAddress].filter(([address]) => !address.startsWith("index:")), ...columns];
    return {
      snapshot: reading.snapshot,
      serverVersion: reading.serverVersion,
      needs: await needsIn(client, reading, columns),
      identities: new Map(places.map(([address, key]) => [key, address])),
    };
  });
}

async function columnsByAddress(client: pg.ClientBase, reading: CatalogReading): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<ColumnPlace>(columnPlaces);
  const { objects } = reading.snapshot;
  return new Map(
    rows
      .map(
        ({ address, schema, relation, column }) => [address, objectKey("column", [schema, relation, column])] as const,
      )
      .filter(([, key]) => objects[key] !== undefined),
  );
}

/** A column's address stands for the column and for what it is a part of. */
async function needsIn(
  client: pg.ClientBase,
  reading: CatalogReading,
  columns: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const units = await unitsByAddress(client, reading);
  const unitAt = (address: string): readonly string[] => {
    const [classId = "", oid = ""] = address.split(":");
    return [columns.get(address), units.get(`${classId}:${oid}`)].filter((unit) => unit !== undefined);
  };
  const found = new Map<string, Set<string>>();
  const { rows } = await client.query<{ dependent: string; needed: string }>(columnDependencies);
  for (const row of rows) {
    const [dependent] = unitAt(row.dependent);
    if (dependent === undefined) continue;
    const needs = found.get(dependent) ?? new Set();
    for (const needed of unitAt(row.needed)) if (needed !== dependent) needs.add(needed);
    found.set(dependent, needs);
  }
  return new Map([...found].map(([unit, needs]) => [unit, [...needs]]));
}
