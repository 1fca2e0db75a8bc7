import { type CatalogQuery, commentJoin, notOfExtension, userSchemas } from "./fragments.js";

export const operators: CatalogQuery = {
  kind: "operator",
  path: ["schema", "name"],
  text: `with ${userSchemas}
    select 'pg_operator'::regclass::oid as "classId", o.oid, n.nspname as schema, o.oprname as name,
      format('(%s, %s)', case when o.oprleft = 0 then 'none' else format_type(o.oprleft, null) end,
        case when o.oprright = 0 then 'none' else format_type(o.oprright, null) end) as signature,
      case when o.oprcode = 0 then 'shell' else o.oprcode::regproc::text end as procedure,
      case when o.oprleft <> 0 then format_type(o.oprleft, null) end as leftarg,
      case when o.oprright <> 0 then format_type(o.oprright, null) end as rightarg,
      case when o.oprcom <> 0 then (select format('operator(%I.%s)', cn.nspname, c.oprname)
        from pg_operator c join pg_namespace cn on cn.oid = c.oprnamespace where c.oid = o.oprcom) end as commutator,
      case when o.oprnegate <> 0 then (select format('operator(%I.%s)', cn.nspname, c.oprname)
        from pg_operator c join pg_namespace cn on cn.oid = c.oprnamespace where c.oid = o.oprnegate) end as negator,
      nullif(o.oprrest, 0)::regproc::text as restrict, nullif(o.oprjoin, 0)::regproc::text as "join",
      o.oprcanmerge as merges, o.oprcanhash as hashes, pg_get_userbyid(o.oprowner) as owner, comment.description as comment
    from pg_operator o join n on n.oid = o.oprnamespace ${commentJoin("pg_operator", "o.oid")}
    where ${notOfExtension("pg_operator", "o.oid")}`,
};

const members = (column: string, family: string): string => `(
      select jsonb_agg(m.text order by m.text collate "C") from (
        select format('operator %s %s%s', o.amopstrategy, o.amopopr::regoperator, case o.amoppurpose when 'o' then ' for order by' else '' end) as text
        from pg_amop o where o.amopfamily = ${family} and ${column} in (o.amoplefttype, 0)
        union all
        select format('function %s (%s, %s) %s', p.amprocnum, format_type(p.amproclefttype, null), format_type(p.amprocrighttype, null), p.amproc::regprocedure)
        from pg_amproc p where p.amprocfamily = ${family} and ${column} in (p.amproclefttype, 0)) m)`;

export const operatorClasses: CatalogQuery = {
  kind: "operator class",
  path: ["schema", "name", "method"],
  text: `with ${userSchemas}
    select 'pg_opclass'::regclass::oid as "classId", c.oid, n.nspname as schema, c.opcname as name, am.amname as method,
      format_type(c.opcintype, null) as type, c.opcdefault as "isDefault", array[fn.nspname, f.opfname]::text[] as "@family",
      case when c.opckeytype <> 0 then format_type(c.opckeytype, null) end as storage,
      ${members("c.opcintype", "c.opcfamily")} as members, pg_get_userbyid(c.opcowner) as owner, comment.description as comment
    from pg_opclass c join n on n.oid = c.opcnamespace join pg_am am on am.oid = c.opcmethod
      join pg_opfamily f on f.oid = c.opcfamily join pg_namespace fn on fn.oid = f.opfnamespace
      ${commentJoin("pg_opclass", "c.oid")}
    where ${notOfExtension("pg_opclass", "c.oid")}`,
};

export const operatorFamilies: CatalogQuery = {
  kind: "operator family",
  path: ["schema", "name", "method"],
  text: `with ${userSchemas}
    select 'pg_opfamily'::regclass::oid as "classId", f.oid, n.nspname as schema, f.opfname as name, am.amname as method,
      ${members("0", "f.oid")} as members, pg_get_userbyid(f.opfowner) as owner, comment.description as comment
    from pg_opfamily f join n on n.oid = f.opfnamespace join pg_am am on am.oid = f.opfmethod
      ${commentJoin("pg_opfamily", "f.oid")}
    where ${notOfExtension("pg_opfamily", "f.oid")}`,
};

/** Casts of the user; the built-in ones have oids below 16384. */
export const casts: CatalogQuery = {
  kind: "cast",
  path: [],
  text: `select 'pg_cast'::regclass::oid as "classId", c.oid,
      format('(%s as %s)', format_type(c.castsource, null), format_type(c.casttarget, null)) as signature,
      case c.castmethod when 'f' then 'function ' || c.castfunc::regprocedure::text when 'i' then 'inout' else 'binary' end as method,
      case c.castcontext when 'a' then 'assignment' when 'i' then 'implicit' end as context, comment.description as comment
    from pg_cast c ${commentJoin("pg_cast", "c.oid")}
    where c.oid >= 16384 and ${notOfExtension("pg_cast", "c.oid")} and $1::text[] is not null
      and not exists (select from pg_depend d where d.classid = 'pg_cast'::regclass and d.objid = c.oid and d.deptype = 'i')`,
};

export const conversions: CatalogQuery = {
  kind: "conversion",
  path: ["schema", "name"],
  text: `with ${userSchemas}
    select 'pg_conversion'::regclass::oid as "classId", c.oid, n.nspname as schema, c.conname as name,
      format('CREATE %sCONVERSION %I.%I FOR %L TO %L FROM %s', case when c.condefault then 'DEFAULT ' else '' end, n.nspname, c.conname,
        pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), c.conproc::regproc) as definition,
      pg_get_userbyid(c.conowner) as owner, comment.description as comment
    from pg_conversion c join n on n.oid = c.connamespace ${commentJoin("pg_conversion", "c.oid")}
    where ${notOfExtension("pg_conversion", "c.oid")}`,
};
