import type pg from "pg";
import { objectKey } from "../../snapshot/object-key.js";
import { type Attribute, type CatalogObject, type Snapshot, snapshotOf } from "../../snapshot/snapshot.js";
import { type CatalogRow, attributesOf, keyOf } from "./catalog-row.js";
import { notNullOf } from "./not-null.js";
import { plainQueries, wovenQueries } from "./sql/all.js";
import type { CatalogQuery } from "./sql/fragments.js";

/** A snapshot, and the address (`<class oid>:<oid>`) at which each of its objects was found. */
export interface CatalogReading {
  readonly snapshot: Snapshot;
  readonly serverVersion: number;
  readonly keyOfAddress: ReadonlyMap<string, string>;
  /** The unit (`<kind> <oid>`) of each object that has one, by key. */
  readonly unitOfKey: ReadonlyMap<string, string>;
}

/** What the rows of several statements come to. */
export interface Collected {
  readonly objects: Map<string, { [attribute: string]: Attribute }>;
  readonly addresses: Map<string, string>;
  readonly units: Map<string, string>;
}

export function nothingCollected(): Collected {
  return { objects: new Map(), addresses: new Map(), units: new Map() };
}

async function rowsOf(client: pg.ClientBase, query: CatalogQuery, excluded: readonly string[]): Promise<CatalogRow[]> {
  return (await client.query<{ [column: string]: Attribute }>(query.text, [excluded])).rows;
}

function noteUnit(collected: Collected, query: CatalogQuery, row: CatalogRow, key: string): void {
  const oid = row["unit"] ?? null;
  if (query.unit !== undefined && oid !== null) collected.units.set(key, unitName(query.unit, oid));
}

export function unitName(kind: string, oid: Attribute): string {
  return `${kind} ${String(oid)}`;
}

function addPlain(collected: Collected, query: CatalogQuery, rows: readonly CatalogRow[]): void {
  for (const row of rows) {
    const key = keyOf(query, row);
    noteUnit(collected, query, row, key);
    collected.objects.set(key, attributesOf(query, row));
    collected.addresses.set(`${String(row["classId"])}:${String(row["oid"])}`, key);
  }
}

const ownerOfColumns: { readonly [relationKind: string]: "view" | "materialized view" | "foreign table" | "type" } = {
  v: "view",
  m: "materialized view",
  f: "foreign table",
  c: "type",
};

/** Columns are objects of their own; their order is an attribute of what they belong to. */
function addColumns(collected: Collected, rows: readonly CatalogRow[]): void {
  for (const row of rows) {
    const { relationKind, ...columnRow } = row;
    const kind = ownerOfColumns[String(relationKind)] ?? "table";
    const relation = collected.objects.get(objectKey(kind, [String(row["schema"]), String(row["relation"])]));
    if (relation === undefined) continue;
    ((relation["columns"] ??= []) as Attribute[]).push(row["name"] ?? null);
    const key = keyOf(wovenQueries.columns, row);
    noteUnit(collected, wovenQueries.columns, row, key);
    collected.objects.set(key, attributesOf(wovenQueries.columns, columnRow));
  }
}

/**
 * What the sequence behind an identity column is like becomes part of the column. A partition's column has no sequence of
 * its own: since version 17 it shares its parent's identity, before it had none.
 */
function addIdentities(collected: Collected, rows: readonly CatalogRow[]): void {
  const own = new Set(rows.map((row) => keyOf(wovenQueries.identitySequences, row)));
  for (const [key, object] of collected.objects)
    if (object["identity"] !== undefined && !own.has(key)) delete object["identity"];
  for (const row of rows) {
    const column = collected.objects.get(keyOf(wovenQueries.identitySequences, row));
    if (column?.["identity"] === undefined) continue;
    column["identity"] = { generated: column["identity"], ...attributesOf(wovenQueries.identitySequences, row) };
  }
}

function addConstraints(collected: Collected, rows: readonly CatalogRow[]): void {
  for (const row of rows) {
    if (row["constraintType"] === "n") {
      addNotNull(collected, row);
      continue;
    }
    const { constraintType: _, indexId, ...constraint } = row;
    addPlain(collected, wovenQueries.constraints, [constraint]);
    const ownsIndex = ["p", "u", "x"].includes(String(row["constraintType"]));
    if (ownsIndex) collected.addresses.set(`index:${String(indexId)}`, keyOf(wovenQueries.constraints, row));
  }
}

/** NOT NULL is an attribute of the column or domain on every version, whatever the catalog calls it. */
function addNotNull(collected: Collected, row: CatalogRow): void {
  const [schema, relation, column] = [String(row["schema"]), String(row["relation"]), row["notNullColumn"]];
  const key =
    typeof column === "string"
      ? objectKey("column", [schema, relation, column])
      : objectKey("domain", [schema, relation]);
  const owner = collected.objects.get(key);
  if (owner !== undefined) owner["notNull"] = notNullOf({ ...row, notNullColumn: column ?? relation });
}

/** What a change hid, where it stands: for the catalog it is gone. The name is Belay's own. */
const hiddenName = /^belay_kept_\d+_/;

/** Adds what a statement gave. The columns' relations must be there already, and so must the columns of identities and of NOT NULL constraints. */
export function collect(collected: Collected, query: CatalogQuery, found: readonly CatalogRow[]): void {
  const rows = found.filter(({ name }) => typeof name !== "string" || !hiddenName.test(name));
  if (query === wovenQueries.columns) addColumns(collected, rows);
  else if (query === wovenQueries.identitySequences) addIdentities(collected, rows);
  else if (query === wovenQueries.constraints) addConstraints(collected, rows);
  else addPlain(collected, query, rows);
}

export async function serverVersionOf(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    "select current_setting('server_version_num')::int as version",
  );
  return rows[0]?.version ?? 0;
}

/**
 * Reads the whole user catalog with a fixed number of statements, however large it is. The caller provides the transaction
 * and the settings; see `readSnapshot`.
 */
export async function readCatalog(client: pg.ClientBase, excluded: readonly string[]): Promise<CatalogReading> {
  const serverVersion = await serverVersionOf(client);
  const collected = nothingCollected();
  const { columns, identitySequences, constraints } = wovenQueries;
  for (const query of [...plainQueries(serverVersion), columns, identitySequences, constraints]) {
    collect(collected, query, await rowsOf(client, query, excluded));
  }
  const objects: { [key: string]: CatalogObject } = {};
  for (const [key, object] of collected.objects) objects[key] = object;
  return {
    snapshot: snapshotOf(objects),
    serverVersion,
    keyOfAddress: collected.addresses,
    unitOfKey: collected.units,
  };
}
