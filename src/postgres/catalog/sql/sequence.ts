import { type CatalogQuery, commentJoin, notOfExtension, privileges, userSchemas } from "./fragments.js";

const options = `case when s.seqtypid <> 'bigint'::regtype then format_type(s.seqtypid, null) end as type,
      case when s.seqstart <> case when s.seqincrement > 0 then s.seqmin else s.seqmax end then s.seqstart::text end as start,
      case when s.seqincrement <> 1 then s.seqincrement::text end as increment,
      case when s.seqmin <> case when s.seqincrement > 0 then 1 else l.low end then s.seqmin::text end as minimum,
      case when s.seqmax <> case when s.seqincrement > 0 then l.high else -1 end then s.seqmax::text end as maximum,
      case when s.seqcache <> 1 then s.seqcache::text end as cache, s.seqcycle as cycle`;

const limits = `cross join lateral (select
        case s.seqtypid when 'smallint'::regtype then -32768 when 'integer'::regtype then -2147483648 else -9223372036854775808 end as low,
        case s.seqtypid when 'smallint'::regtype then 32767 when 'integer'::regtype then 2147483647 else 9223372036854775807 end as high) l`;

/** Sequences that stand for themselves, serial columns' included; where they stand (`last_value`) is data. */
export const sequences: CatalogQuery = {
  kind: "sequence",
  unit: "relation",
  path: ["schema", "name"],
  text: `with ${userSchemas}
    select 'pg_class'::regclass::oid as "classId", c.oid, c.oid as unit, n.nspname as schema, c.relname as name, ${options},
      pg_get_userbyid(c.relowner) as owner, ${privileges("c.relacl", "'s'", "c.relowner")}, c.relpersistence = 'u' as unlogged,
      case when o.refobjid is not null then array[tn.nspname, t.relname, a.attname]::text[] end as "@ownedBy",
      comment.description as comment
    from pg_sequence s join pg_class c on c.oid = s.seqrelid join n on n.oid = c.relnamespace ${limits}
      left join pg_depend o on o.classid = 'pg_class'::regclass and o.objid = c.oid and o.refclassid = 'pg_class'::regclass
        and o.refobjsubid > 0 and o.deptype in ('a', 'i')
      left join pg_class t on t.oid = o.refobjid left join pg_namespace tn on tn.oid = t.relnamespace
      left join pg_attribute a on a.attrelid = o.refobjid and a.attnum = o.refobjsubid
      ${commentJoin("pg_class", "c.oid")}
    where o.deptype is distinct from 'i' and ${notOfExtension("pg_class", "c.oid")}`,
};

/**
 * The sequences behind identity columns: they are part of the column, and the path is the column's. Since version 15 one is
 * unlogged where its table is, unless somebody changed that.
 */
export const identitySequences: CatalogQuery = {
  kind: "column",
  unit: "relation",
  path: ["tableSchema", "table", "column"],
  text: `with ${userSchemas}
    select t.oid as unit, n.nspname as "tableSchema", t.relname as "table", a.attname as "column",
      array[sn.nspname, c.relname]::text[] as "@sequence", ${options},
      pg_get_userbyid(c.relowner) as "aclOwner", ${privileges("c.relacl", "'s'", "c.relowner")},
      case when c.relpersistence <> t.relpersistence and current_setting('server_version_num')::int >= 150000
        then case c.relpersistence when 'u' then 'unlogged' else 'logged' end end as persistence,
      comment.description as comment
    from pg_depend o join pg_sequence s on s.seqrelid = o.objid join pg_class c on c.oid = o.objid
      join pg_namespace sn on sn.oid = c.relnamespace ${limits}
      join pg_class t on t.oid = o.refobjid join n on n.oid = t.relnamespace
      join pg_attribute a on a.attrelid = o.refobjid and a.attnum = o.refobjsubid
      ${commentJoin("pg_class", "c.oid")}
    where o.classid = 'pg_class'::regclass and o.refclassid = 'pg_class'::regclass and o.deptype = 'i' and o.refobjsubid > 0`,
};
