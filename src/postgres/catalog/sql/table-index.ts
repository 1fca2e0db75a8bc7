import { type CatalogQuery, commentJoin, notOfExtension, userSchemas } from "./fragments.js";

/** Indexes that do not belong to a constraint. */
export const indexes: CatalogQuery = {
  kind: "index",
  unit: "relation",
  path: ["schema", "name"],
  text: `with ${userSchemas}
    select 'pg_class'::regclass::oid as "classId", c.oid, i.indrelid as unit, n.nspname as schema, c.relname as name,
      array[n.nspname, t.relname]::text[] as "@table", pg_get_indexdef(c.oid) as definition,
      not i.indisvalid as invalid, not i.indisready as "notReady", not i.indislive as dropping,
      i.indisclustered as clustered, i.indisreplident as "replicaIdentity", ts.spcname as tablespace,
      (select jsonb_object_agg(a.attnum, a.attstattarget) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and a.attstattarget >= 0) as statistics,
      case when p.oid is not null then array[pn.nspname, p.relname]::text[] end as "@partitionOf",
      comment.description as comment
    from pg_index i join pg_class c on c.oid = i.indexrelid join n on n.oid = c.relnamespace
      join pg_class t on t.oid = i.indrelid
      left join pg_tablespace ts on ts.oid = c.reltablespace
      left join pg_inherits h on h.inhrelid = c.oid left join pg_class p on p.oid = h.inhparent
      left join pg_namespace pn on pn.oid = p.relnamespace
      ${commentJoin("pg_class", "c.oid")}
    where not exists (select from pg_constraint con where con.conrelid = i.indrelid and con.conindid = c.oid and con.contype in ('p', 'u', 'x'))
      and ${notOfExtension("pg_class", "t.oid")} and ${notOfExtension("pg_class", "c.oid")}`,
};
