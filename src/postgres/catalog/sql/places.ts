/**
 * Which object, or which of its columns, needs which (`pg_depend`), at addresses of three parts: class, oid, and the column's number or 0. Inner objects of the
 * catalog are replaced by those that a snapshot knows, as in `dependencies.ts`; a generated column's expression by the column, a publication's table by the publication.
 */
export const columnDependencies = `with inner_object (classid, objid, toclass, toid, tosub) as materialized (
    select 'pg_rewrite'::regclass::oid, oid, 'pg_class'::regclass::oid, ev_class, 0 from pg_rewrite where rulename = '_RETURN' and oid >= 16384
    union all
    select 'pg_attrdef'::regclass::oid, d.oid, 'pg_class'::regclass::oid, d.adrelid, d.adnum::int
    from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum where a.attgenerated <> ''
    union all
    select 'pg_class'::regclass::oid, oid, 'pg_type'::regclass::oid, reltype, 0 from pg_class where relkind = 'c' and oid >= 16384
    union all
    select 'pg_publication_rel'::regclass::oid, oid, 'pg_publication'::regclass::oid, prpubid, 0 from pg_publication_rel
    union all
    select 'pg_type'::regclass::oid, t.oid,
      case when c.relkind is not null and c.relkind <> 'c' then 'pg_class'::regclass::oid else 'pg_type'::regclass::oid end,
      case when c.relkind is not null and c.relkind <> 'c' then c.oid else base.oid end, 0
    from pg_type t
      left join pg_type element on element.typarray = t.oid left join pg_range r on r.rngmultitypid = coalesce(element.oid, t.oid)
      join pg_type base on base.oid = coalesce(r.rngtypid, element.oid, t.oid)
      left join pg_class c on c.oid = base.typrelid
    where t.oid >= 16384
  )
  select distinct
    coalesce(one.toclass, d.classid) || ':' || coalesce(one.toid, d.objid) || ':' || coalesce(nullif(one.tosub, 0), d.objsubid) as dependent,
    coalesce(other.toclass, d.refclassid) || ':' || coalesce(other.toid, d.refobjid) || ':' || coalesce(nullif(other.tosub, 0), d.refobjsubid) as needed
  from pg_depend d
    left join inner_object one on one.classid = d.classid and one.objid = d.objid
    left join inner_object other on other.classid = d.refclassid and other.objid = d.refobjid
  where d.objid >= 16384 and d.refobjid >= 16384 and d.deptype in ('n', 'a', 'i')`;

/** The columns of relations and composite types, each with its address and the names of its key. */
export const columnPlaces = `select case when c.relkind = 'c' then 'pg_type'::regclass::oid else 'pg_class'::regclass::oid end || ':' ||
      case when c.relkind = 'c' then c.reltype else c.oid end || ':' || a.attnum as address,
    n.nspname as schema, c.relname as relation, a.attname as "column"
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
  where a.attnum > 0 and not a.attisdropped and c.oid >= 16384 and c.relkind in ('r', 'p', 'v', 'm', 'f', 'c')`;
