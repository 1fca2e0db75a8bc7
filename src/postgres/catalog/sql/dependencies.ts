/**
 * Which object needs which (`pg_depend`), with the catalog's inner objects replaced by those that a snapshot knows: a view's
 * rule by the view, a row type and an array type by what they are the type of, a generated column's expression by the table.
 */
export const dependencies = `with inner_object (classid, objid, toclass, toid) as materialized (
    select 'pg_rewrite'::regclass::oid, oid, 'pg_class'::regclass::oid, ev_class from pg_rewrite where rulename = '_RETURN' and oid >= 16384
    union all
    select 'pg_attrdef'::regclass::oid, d.oid, 'pg_class'::regclass::oid, d.adrelid
    from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum where a.attgenerated <> ''
    union all
    select 'pg_class'::regclass::oid, oid, 'pg_type'::regclass::oid, reltype from pg_class where relkind = 'c' and oid >= 16384
    union all
    select 'pg_type'::regclass::oid, t.oid,
      case when c.relkind is not null and c.relkind <> 'c' then 'pg_class'::regclass::oid else 'pg_type'::regclass::oid end,
      case when c.relkind is not null and c.relkind <> 'c' then c.oid else base.oid end
    from pg_type t
      left join pg_type element on element.typarray = t.oid left join pg_range r on r.rngmultitypid = coalesce(element.oid, t.oid)
      join pg_type base on base.oid = coalesce(r.rngtypid, element.oid, t.oid)
      left join pg_class c on c.oid = base.typrelid
    where t.oid >= 16384
  )
  select distinct
    coalesce(one.toclass, d.classid) || ':' || coalesce(one.toid, d.objid) as dependent,
    coalesce(other.toclass, d.refclassid) || ':' || coalesce(other.toid, d.refobjid) as needed
  from pg_depend d
    left join inner_object one on one.classid = d.classid and one.objid = d.objid
    left join inner_object other on other.classid = d.refclassid and other.objid = d.refobjid
  where d.objid >= 16384 and d.refobjid >= 16384 and d.deptype in ('n', 'a', 'i')`;

/** Indexes that stand for a constraint, and defaults of columns: parts that others depend on or that depend on others. */
export const inner = `select 'pg_class'::regclass::oid || ':' || conindid as address, 'pg_constraint'::regclass::oid || ':' || oid as constraint,
    null as schema, null as relation, null as "column"
  from pg_constraint where contype in ('p', 'u', 'x') and conindid <> 0
  union all
  select 'pg_attrdef'::regclass::oid || ':' || d.oid, null, n.nspname, c.relname, a.attname
  from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum and a.attgenerated = ''
    join pg_class c on c.oid = d.adrelid join pg_namespace n on n.oid = c.relnamespace`;
