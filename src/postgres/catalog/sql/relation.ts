import {
  type CatalogQuery,
  commentJoin,
  notOfExtension,
  privileges,
  userSchemas,
  withoutSecrets,
} from "./fragments.js";

/** Tables, views, materialised views, foreign tables; composite types are read with the types. */
export const relations: CatalogQuery = {
  kind: "table",
  unit: "relation",
  path: ["schema", "name"],
  text: `with ${userSchemas}
    select 'pg_class'::regclass::oid as "classId", c.oid, c.oid as unit, n.nspname as schema, c.relname as name,
      case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end as kind,
      pg_get_userbyid(c.relowner) as owner, ${privileges("c.relacl", "'r'", "c.relowner")},
      c.relpersistence = 'u' as unlogged,
      c.reloptions || (select array_agg('toast.' || o) from unnest(toast.reloptions) as o) as options,
      case when am.amname <> 'heap' then am.amname end as "accessMethod", ts.spcname as tablespace,
      c.relrowsecurity as "rowSecurity", c.relforcerowsecurity as "forceRowSecurity",
      case when c.relkind in ('r', 'p', 'm') then case c.relreplident
        when 'n' then 'nothing' when 'f' then 'full' when 'i' then 'index' end end as "replicaIdentity",
      case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as "partitionKey",
      case when c.relispartition then pg_get_expr(c.relpartbound, c.oid) end as "partitionBound",
      case when c.relhassubclass or c.relkind in ('r', 'p', 'f') then (
        select jsonb_agg(jsonb_build_array(pn.nspname, p.relname) order by i.inhseqno)
        from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_namespace pn on pn.oid = p.relnamespace
        where i.inhrelid = c.oid) end as "@inherits",
      (select true from pg_inherits i where i.inhrelid = c.oid and i.inhdetachpending limit 1) as "detachPending",
      case when c.reloftype <> 0 then format_type(c.reloftype, null) end as "ofType",
      case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as definition,
      c.relkind = 'm' and not c.relispopulated as "notPopulated",
      fs.srvname as server, ${withoutSecrets("ft.ftoptions")} as "serverOptions",
      comment.description as comment
    from pg_class c join n on n.oid = c.relnamespace
      left join pg_am am on am.oid = c.relam
      left join pg_tablespace ts on ts.oid = c.reltablespace
      left join pg_class toast on toast.oid = c.reltoastrelid and toast.reloptions is not null
      left join pg_foreign_table ft on ft.ftrelid = c.oid
      left join pg_foreign_server fs on fs.oid = ft.ftserver
      ${commentJoin("pg_class", "c.oid")}
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and ${notOfExtension("pg_class", "c.oid")}`,
};

/** The columns of all of these and of composite types, in the order of their places. */
export const columns: CatalogQuery = {
  kind: "column",
  unit: "relation",
  path: ["schema", "relation", "name"],
  text: `with ${userSchemas}
    select c.oid as unit, n.nspname as schema, c.relname as relation, c.relkind as "relationKind", a.attnum as place, a.attname as name,
      format_type(a.atttypid, a.atttypmod) as type,
      case when a.attcollation <> t.typcollation then array[cn.nspname, co.collname]::text[] end as "@collation",
      a.attnotnull as "notNull",
      case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end as "default",
      case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end as expression,
      case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end as generated,
      case a.attidentity when 'a' then 'always' when 'd' then 'by default' end as identity,
      case when a.attstorage <> t.typstorage and c.relkind in ('r', 'p', 'm', 'f') then case a.attstorage
        when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end end as storage,
      case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end as compression,
      nullif(a.attstattarget, -1) as statistics,
      a.attoptions as options, ${withoutSecrets("a.attfdwoptions")} as "serverOptions",
      case when a.attacl is not null then pg_get_userbyid(c.relowner) end as "aclOwner",
      a.attacl::text[] as acl, '{}'::text[] as "aclDefault",
      a.attinhcount > 0 as inherited, not a.attislocal as "notLocal",
      comment.description as comment
    from pg_attribute a join pg_class c on c.oid = a.attrelid join n on n.oid = c.relnamespace
      join pg_type t on t.oid = a.atttypid
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      left join pg_collation co on co.oid = a.attcollation and a.attcollation <> t.typcollation
      left join pg_namespace cn on cn.oid = co.collnamespace
      ${commentJoin("pg_class", "a.attrelid", "a.attnum")}
    where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
      and ${notOfExtension("pg_class", "c.oid")}
      and (c.relkind <> 'c' or ${notOfExtension("pg_type", "c.reltype")})
    order by a.attrelid, a.attnum`,
};
