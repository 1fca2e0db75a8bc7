import { identifier, qualified } from "../../../snapshot/emit/sql-text.js";
import { notOfExtension, userSchemas } from "./fragments.js";

/** A table that holds rows itself (a partition, but not a partitioned table), and its columns that can be written. */
export interface RowTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly generated: boolean }[];
}

export const rowTables = `with ${userSchemas}
  select c.oid, n.nspname as schema, c.relname as name, coalesce((
      select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'generated', a.attgenerated <> '')
        order by a.attname collate "C")
      from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as columns
  from pg_class c join n on n.oid = c.relnamespace
  where c.relkind = 'r' and ${notOfExtension("pg_class", "c.oid")}
  order by n.nspname collate "C", c.relname collate "C"`;

/** A foreign key of one table, with the equality operators that PostgreSQL itself uses for it. */
export interface ForeignKey {
  readonly table: number;
  readonly schema: string;
  readonly name: string;
  readonly parentSchema: string;
  readonly parentName: string;
  readonly isParentPartitioned: boolean;
  readonly isValidated: boolean;
  readonly pairs: readonly { readonly parent: string; readonly child: string; readonly operator: string }[];
}

export const foreignKeys = `with ${userSchemas}
  select con.conrelid as "table", n.nspname as schema, c.relname as name, pn.nspname as "parentSchema", p.relname as "parentName",
    p.relkind = 'p' as "isParentPartitioned", con.convalidated as "isValidated", (
      select jsonb_agg(jsonb_build_object('parent', pa.attname, 'child', ca.attname,
        'operator', format('operator(%I.%s)', opn.nspname, op.oprname)) order by k.place)
      from unnest(con.conkey, con.confkey, con.conpfeqop) with ordinality as k (child, parent, operator, place)
        join pg_attribute ca on ca.attrelid = con.conrelid and ca.attnum = k.child
        join pg_attribute pa on pa.attrelid = con.confrelid and pa.attnum = k.parent
        join pg_operator op on op.oid = k.operator join pg_namespace opn on opn.oid = op.oprnamespace) as pairs
  from pg_constraint con join pg_class c on c.oid = con.conrelid join n on n.oid = c.relnamespace
    join pg_class p on p.oid = con.confrelid join pg_namespace pn on pn.oid = p.relnamespace
    left join pg_constraint origin on origin.oid = con.conparentid
  where con.contype = 'f' and c.relkind = 'r' and origin.conrelid is distinct from con.conrelid`;

const nameOf = (table: { readonly schema: string; readonly name: string }): string =>
  qualified([table.schema, table.name]);

/** One row per table: how many rows, and two sums of 64 bits each over the rows' MD5. */
export function hashOfTable(table: RowTable, index: number): string {
  const row = `row(${table.columns.map((column) => identifier(column.name)).join(", ")})::text`;
  const half = (start: number): string =>
    `coalesce(sum(('x' || substr(h, ${start}, 16))::bit(64)::bigint::numeric), 0)::text`;
  return `select ${index} as index, count(*)::text as rows, ${half(1)} || ':' || ${half(17)} as hash
    from (select md5(${row}) as h from only ${nameOf(table)}) r`;
}

export const someRows = (table: RowTable): string => `select ctid::text as place from only ${nameOf(table)} limit $1`;

/** The rows that the given rows of the child refer to: their table, which may be a partition, and their place in it. */
export function parentRows(key: ForeignKey): string {
  const parent = qualified([key.parentSchema, key.parentName]);
  const on = key.pairs.map((pair) => `p.${identifier(pair.parent)} ${pair.operator} c.${identifier(pair.child)}`);
  return `select distinct p.tableoid as "table", p.ctid::text as place
    from only ${nameOf(key)} c join ${key.isParentPartitioned ? "" : "only "}${parent} p on ${on.join(" and ")}
    where c.ctid = any ($1::tid[])`;
}

export const writable = (table: RowTable): RowTable["columns"] => table.columns.filter((column) => !column.generated);

/** Each row as a JSON list of texts. */
export function rowsAt(table: RowTable): string {
  const texts = writable(table).map((column) => `${identifier(column.name)}::text`);
  return `select to_jsonb(array[${texts.join(", ")}]::text[])::text as row from only ${nameOf(table)} where ctid = any ($1::tid[])`;
}

/** Writes rows that `rowsAt` read; `$1` is a JSON list of them. */
export function insertRows(table: RowTable): string {
  const columns = writable(table);
  if (columns.length === 0) return `insert into ${nameOf(table)} select from jsonb_array_elements($1::jsonb)`;
  const values = columns.map((column, place) => `(r ->> ${place})::${column.type}`);
  return `insert into ${nameOf(table)} (${columns.map((column) => identifier(column.name)).join(", ")}) overriding system value
    select ${values.join(", ")} from jsonb_array_elements($1::jsonb) r`;
}

/** Removes rows whose parent is missing; a reference with a null in it refers to nothing. */
export function deleteDangling(key: ForeignKey): string {
  const parent = qualified([key.parentSchema, key.parentName]);
  const on = key.pairs.map((pair) => `p.${identifier(pair.parent)} ${pair.operator} c.${identifier(pair.child)}`);
  const set = key.pairs.map((pair) => `c.${identifier(pair.child)} is not null`);
  return `delete from only ${nameOf(key)} c where ${set.join(" and ")}
    and not exists (select from ${key.isParentPartitioned ? "" : "only "}${parent} p where ${on.join(" and ")})`;
}

/** Sequences, where they stand, and the column that each feeds, if it belongs to one. */
export interface SequencePosition {
  readonly schema: string;
  readonly name: string;
  readonly lastValue: string | null;
  readonly isAscending: boolean;
  readonly column: readonly [schema: string, table: string, column: string] | null;
}

export const sequencePositions = `with ${userSchemas}
  select n.nspname as schema, c.relname as name, v.last_value::text as "lastValue", s.seqincrement > 0 as "isAscending",
    case when a.attname is not null then jsonb_build_array(tn.nspname, t.relname, a.attname) end as "column"
  from pg_sequence s join pg_class c on c.oid = s.seqrelid join n on n.oid = c.relnamespace
    left join pg_sequences v on v.schemaname = n.nspname and v.sequencename = c.relname
    left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
      and d.refobjsubid > 0 and d.deptype in ('a', 'i')
    left join pg_class t on t.oid = d.refobjid left join pg_namespace tn on tn.oid = t.relnamespace
    left join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
  where ${notOfExtension("pg_class", "c.oid")}`;

/** Moves a sequence to the further of where it stood (`$1`) and the furthest value of its column. */
export function moveSequence(sequence: SequencePosition): string {
  const furthest = sequence.isAscending ? "max" : "min";
  const pick = sequence.isAscending ? "greatest" : "least";
  const inColumn =
    sequence.column === null
      ? "null::bigint"
      : `(select ${furthest}(${identifier(sequence.column[2])})::bigint from ${qualified(sequence.column.slice(0, 2))})`;
  const name = `'${qualified([sequence.schema, sequence.name]).replaceAll("'", "''")}'`;
  return `select setval(${name}::regclass, v) from (select ${pick}($1::bigint, ${inColumn}) as v) m where v is not null`;
}
