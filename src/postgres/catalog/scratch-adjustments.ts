import type pg from "pg";
import { parseObjectKey } from "../../snapshot/object-key.js";
import type { Snapshot } from "../../snapshot/snapshot.js";

/**
 * Facts that no statement can set on a fresh copy, because they tell of an object's history: a child's column or constraint
 * that came from its parent alone, an index that a failed build left invalid. As `pg_dump --binary-upgrade` does, a
 * superuser writes them into the scratch database's catalog.
 */
const columnsNotLocal = `update pg_attribute a set attislocal = false
  from unnest($1::text[], $2::text[], $3::text[]) as w (schema, relation, name), pg_class c, pg_namespace n
  where n.nspname = w.schema and c.relnamespace = n.oid and c.relname = w.relation and a.attrelid = c.oid and a.attname = w.name
    and a.attislocal and a.attinhcount > 0`;

const constraintsNotLocal = `update pg_constraint con set conislocal = false
  from unnest($1::text[], $2::text[], $3::text[]) as w (schema, relation, name), pg_class c, pg_namespace n
  where n.nspname = w.schema and c.relnamespace = n.oid and c.relname = w.relation and con.conrelid = c.oid and con.conname = w.name
    and con.conislocal and con.coninhcount > 0`;

const indexesInvalid = `update pg_index i set indisvalid = false, indisready = indisready and not w.not_ready
  from unnest($1::text[], $2::text[], $3::bool[]) as w (schema, name, not_ready), pg_class c, pg_namespace n
  where n.nspname = w.schema and c.relnamespace = n.oid and c.relname = w.name and i.indexrelid = c.oid`;

const column = (rows: readonly (readonly (string | boolean)[])[], index: number): unknown[] =>
  rows.map((row) => row[index]);

async function write(
  client: pg.ClientBase,
  sql: string,
  rows: readonly (readonly (string | boolean)[])[],
): Promise<void> {
  if (rows.length > 0) await client.query(sql, [column(rows, 0), column(rows, 1), column(rows, 2)]);
}

/** Writes these facts, where the snapshot has any, into the database of `client`, which must be a superuser's. */
export async function adjustScratchCatalog(client: pg.ClientBase, snapshot: Snapshot): Promise<void> {
  const names = Object.entries(snapshot.objects).map(([key, object]) => ({ ...parseObjectKey(key), object }));
  const notLocal = (kind: string): (readonly string[])[] =>
    names.filter((one) => one.kind === kind && one.object["notLocal"] === true).map((one) => one.path);
  await write(client, columnsNotLocal, notLocal("column"));
  await write(client, constraintsNotLocal, notLocal("constraint"));
  const invalid = names
    .filter((one) => one.kind === "index" && one.object["invalid"] === true)
    .map((one) => [one.path[0] ?? "", one.path[1] ?? "", one.object["notReady"] === true] as const);
  await write(client, indexesInvalid, invalid);
}
