import { type CatalogQuery, commentJoin, notOfExtension, userSchemas } from "./fragments.js";

/**
 * Constraints of tables and domains, with what is kept in their index. Left out: constraint triggers (read as triggers) and
 * the helper rows that a foreign key has for each partition of the table that it refers to.
 */
export const constraints: CatalogQuery = {
  kind: "constraint",
  unit: "relation",
  path: ["schema", "relation", "name"],
  text: `with ${userSchemas}
    select 'pg_constraint'::regclass::oid as "classId", con.oid, nullif(con.conrelid, 0) as unit, nullif(con.conindid, 0) as "indexId",
      n.nspname as schema, coalesce(c.relname, ty.typname) as relation, con.conname as name,
      con.contype as "constraintType", a.attname as "notNullColumn",
      case con.contype when 'c' then 'check' when 'f' then 'foreign key' when 'p' then 'primary key' when 'u' then 'unique'
        when 'x' then 'exclusion' when 'n' then 'not null' end as type,
      con.contypid <> 0 as "ofDomain",
      regexp_replace(def.text, ' NOT VALID$', '') as definition, case when con.contype = 'n' then not con.convalidated else def.text like '% NOT VALID' end as "notValid",
      con.contype = 'n' and con.connoinherit as "noInherit",
      con.coninhcount > 0 as inherited, not con.conislocal as "notLocal",
      case disabled.enabled when 'D' then 'disabled' when 'R' then 'replica' when 'A' then 'always' end as triggers,
      case when i.indexrelid is not null then ic.reloptions end as options, ts.spcname as tablespace,
      not i.indisvalid as "indexInvalid", i.indisclustered as clustered, i.indisreplident as "replicaIdentity",
      indexcomment.description as "indexComment", comment.description as comment
    from pg_constraint con join n on n.oid = con.connamespace
      cross join lateral (select case when con.contype <> 'n' then pg_get_constraintdef(con.oid) end as text) def
      left join pg_class c on c.oid = con.conrelid left join pg_type ty on ty.oid = con.contypid
      left join pg_constraint parent on parent.oid = con.conparentid
      left join pg_attribute a on con.contype = 'n' and a.attrelid = con.conrelid and a.attnum = con.conkey[1]
      left join pg_index i on con.contype in ('p', 'u', 'x') and i.indexrelid = con.conindid
      left join pg_class ic on ic.oid = i.indexrelid left join pg_tablespace ts on ts.oid = ic.reltablespace
      left join lateral (
        select min(t.tgenabled::text) as enabled from pg_trigger t
        where t.tgconstraint = con.oid and t.tgisinternal and t.tgenabled <> 'O') disabled on con.contype in ('f', 'p', 'u', 'x')
      left join pg_description indexcomment on indexcomment.classoid = 'pg_class'::regclass
        and indexcomment.objoid = i.indexrelid and indexcomment.objsubid = 0
      ${commentJoin("pg_constraint", "con.oid")}
    where con.contype <> 't' and (con.contype <> 'f' or parent.conrelid is distinct from con.conrelid)
      and (c.oid is null or c.relkind in ('r', 'p', 'f') and ${notOfExtension("pg_class", "c.oid")})
      and (ty.oid is null or ${notOfExtension("pg_type", "ty.oid")})`,
};
