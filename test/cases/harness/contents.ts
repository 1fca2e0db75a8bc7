import type { Client } from "pg";
import { keyPath, objectKey } from "../../../src/snapshot/object-key.js";
import type { Snapshot } from "../../../src/snapshot/snapshot.js";

/** A row: each column's value as PostgreSQL prints it. */
export type Row = Readonly<Record<string, string | null>>;

export interface TableContents {
  /** The columns of its primary key; none where it has none. */
  readonly key: readonly string[];
  /** Type of each column, by name; columns that are generated from others are left out. */
  readonly columns: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
}

/** What a database's tables hold, by their names as a snapshot writes them, and where its sequences stand. */
export interface Contents {
  readonly tables: Readonly<Record<string, TableContents>>;
  /** Where each stands that ascends: twice its last value, and one more where that was given out. */
  readonly sequences: Readonly<Record<string, bigint>>;
}

interface Found {
  readonly schema: string;
  readonly name: string;
  readonly key: readonly string[] | null;
  readonly columns: Readonly<Record<string, string>>;
}

const tables = `
  SELECT n.nspname AS schema, c.relname AS name,
    (SELECT array_agg(a.attname::text) FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey::int2[])
      WHERE i.indrelid = c.oid AND i.indisprimary) AS key,
    coalesce((SELECT json_object_agg(a.attname, format_type(a.atttypid, a.atttypmod)) FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '{}') AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema$|belay$|belay_kept$)'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  ORDER BY 1, 2`;

/** PostgreSQL tells where a sequence stands only in the sequence itself. */
const sequences = `
  SELECT n.nspname AS schema, c.relname AS name
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname NOT IN ('belay', 'belay_kept') AND s.seqincrement > 0`;

/** Reads every row of every user table, of what the snapshot knows: what Belay keeps hidden is not part of it. */
export async function readContents(client: Client, { objects }: Snapshot): Promise<Contents> {
  const found: Record<string, TableContents> = {};
  for (const { schema, name, key, columns } of (await client.query<Found>(tables)).rows) {
    if (objects[objectKey("table", [schema, name])] === undefined) continue;
    const known = Object.entries(columns).filter(([column]) => objects[objectKey("column", [schema, name, column])]);
    const rows = await readRows(client, schema, name, known.map(([column]) => column)); // prettier-ignore
    found[keyPath([schema, name])] = { key: key ?? [], columns: Object.fromEntries(known), rows };
  }
  return { tables: found, sequences: await readSequences(client) };
}

async function readSequences(client: Client): Promise<Readonly<Record<string, bigint>>> {
  const places: Record<string, bigint> = {};
  for (const { schema, name } of (await client.query<{ schema: string; name: string }>(sequences)).rows) {
    const { rows } = await client.query<{ value: string; called: boolean }>(
      `SELECT last_value::text AS value, is_called AS called FROM ${nameOf(client, schema, name)}`,
    );
    places[keyPath([schema, name])] = BigInt(rows[0]?.value ?? 0) * 2n + (rows[0]?.called === true ? 1n : 0n);
  }
  return places;
}

async function readRows(
  client: Client,
  schema: string,
  name: string,
  columns: readonly string[],
): Promise<readonly Row[]> {
  const texts = columns.map((column) => `r.${client.escapeIdentifier(column)}::text`);
  const { rows } = await client.query<{ row: readonly (string | null)[] }>(
    `SELECT ARRAY[${texts.join(", ")}]::text[] AS row FROM ONLY ${nameOf(client, schema, name)} r`,
  );
  return rows.map(({ row }) => Object.fromEntries(columns.map((column, place) => [column, row[place] ?? null])));
}

function nameOf(client: Client, schema: string, name: string): string {
  return `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`;
}
