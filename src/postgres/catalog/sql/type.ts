import { type CatalogQuery, commentJoin, notOfExtension, privileges, userSchemas } from "./fragments.js";

const own = `${notOfExtension("pg_type", "t.oid")}`;

/** Composite types, enums with their labels in order, ranges, base types and shells; not the row types of tables. */
export const types: CatalogQuery = {
  kind: "type",
  unit: "enum",
  path: ["schema", "name"],
  text: `with ${userSchemas}
    select 'pg_type'::regclass::oid as "classId", t.oid, case t.typtype when 'e' then t.oid end as unit, n.nspname as schema, t.typname as name,
      case t.typtype when 'c' then 'composite' when 'e' then 'enum' when 'r' then 'range'
        when 'b' then 'base' when 'm' then 'multirange' else 'shell' end as type,
      (select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid) as labels,
      case when r.rngtypid is not null then jsonb_strip_nulls(jsonb_build_object(
        'subtype', format_type(r.rngsubtype, null),
        'subtype_opclass', case when not oc.opcdefault then format('%I.%I', ocn.nspname, oc.opcname) end,
        'collation', case when r.rngcollation <> 0 and r.rngcollation <> st.typcollation then r.rngcollation::regcollation::text end,
        'canonical', nullif(r.rngcanonical, 0)::regproc::text, 'subtype_diff', nullif(r.rngsubdiff, 0)::regproc::text,
        'multirange_type_name', format_type(r.rngmultitypid, null))) end as range,
      case when t.typtype = 'b' then jsonb_strip_nulls(jsonb_build_object(
        'input', t.typinput::regproc::text, 'output', t.typoutput::regproc::text, 'receive', nullif(t.typreceive, 0)::regproc::text,
        'send', nullif(t.typsend, 0)::regproc::text, 'typmod_in', nullif(t.typmodin, 0)::regproc::text,
        'typmod_out', nullif(t.typmodout, 0)::regproc::text, 'analyze', nullif(t.typanalyze, 0)::regproc::text,
        'length', t.typlen, 'byValue', t.typbyval, 'alignment', t.typalign, 'storage', t.typstorage, 'category', t.typcategory,
        'preferred', t.typispreferred, 'delimiter', t.typdelim, 'default', t.typdefault)) end as base,
      pg_get_userbyid(t.typowner) as owner, ${privileges("t.typacl", "'T'", "t.typowner")}, comment.description as comment
    from pg_type t join n on n.oid = t.typnamespace
      left join pg_class c on c.oid = t.typrelid left join pg_type element on element.oid = t.typelem
      left join pg_range r on r.rngtypid = t.oid left join pg_type st on st.oid = r.rngsubtype
      left join pg_opclass oc on oc.oid = r.rngsubopc left join pg_namespace ocn on ocn.oid = oc.opcnamespace
      ${commentJoin("pg_type", "t.oid")}
    where t.typtype in ('c', 'e', 'r', 'b', 'p') and (c.oid is null or c.relkind = 'c') and ${own}
      and element.typarray is distinct from t.oid`,
};

export const domains: CatalogQuery = {
  kind: "domain",
  path: ["schema", "name"],
  text: `with ${userSchemas}
    select 'pg_type'::regclass::oid as "classId", t.oid, n.nspname as schema, t.typname as name,
      format_type(t.typbasetype, t.typtypmod) as type, t.typnotnull as "notNull", t.typdefault as "default",
      case when t.typcollation <> base.typcollation then array[cn.nspname, co.collname]::text[] end as "@collation",
      pg_get_userbyid(t.typowner) as owner, ${privileges("t.typacl", "'T'", "t.typowner")}, comment.description as comment
    from pg_type t join n on n.oid = t.typnamespace join pg_type base on base.oid = t.typbasetype
      left join pg_collation co on co.oid = t.typcollation left join pg_namespace cn on cn.oid = co.collnamespace
      ${commentJoin("pg_type", "t.oid")}
    where t.typtype = 'd' and ${own}`,
};

export const collations: CatalogQuery = {
  kind: "collation",
  path: ["schema", "name"],
  text: `with ${userSchemas}
    select 'pg_collation'::regclass::oid as "classId", c.oid, n.nspname as schema, c.collname as name,
      case c.collprovider when 'i' then 'icu' when 'c' then 'libc' when 'b' then 'builtin' end as provider,
      not c.collisdeterministic as nondeterministic,
      coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', case when c.collprovider = 'i' then c.collcollate end) as locale,
      case when c.collprovider = 'c' then c.collcollate end as "lcCollate",
      case when c.collprovider = 'c' then c.collctype end as "lcCtype",
      to_jsonb(c) ->> 'collicurules' as rules, pg_get_userbyid(c.collowner) as owner, comment.description as comment
    from pg_collation c join n on n.oid = c.collnamespace ${commentJoin("pg_collation", "c.oid")}
    where ${notOfExtension("pg_collation", "c.oid")}`,
};
