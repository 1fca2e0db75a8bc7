import { type CatalogQuery, commentJoin, notOfExtension, privileges, userSchemas } from "./fragments.js";

/** Functions, procedures and window functions, each with its whole CREATE statement; aggregates with theirs put together. */
export const routines: CatalogQuery = {
  kind: "function",
  unit: "routine",
  path: ["schema", "name"],
  text: `with ${userSchemas}
    select 'pg_proc'::regclass::oid as "classId", p.oid, p.oid as unit, n.nspname as schema, p.proname as name,
      case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end as kind,
      '(' || oidvectortypes(p.proargtypes) || ')' as signature,
      case when p.prokind <> 'a' then pg_get_functiondef(p.oid) end as definition,
      case when p.prokind = 'a' then jsonb_strip_nulls(jsonb_build_object(
        'arguments', pg_get_function_arguments(p.oid), 'kind', nullif(g.aggkind, 'n'),
        'sfunc', nullif(g.aggtransfn, 0)::regproc::text, 'stype', format_type(g.aggtranstype, null), 'sspace', nullif(g.aggtransspace, 0),
        'finalfunc', nullif(g.aggfinalfn, 0)::regproc::text, 'finalfunc_extra', nullif(g.aggfinalextra, false),
        'finalfunc_modify', g.aggfinalmodify, 'combinefunc', nullif(g.aggcombinefn, 0)::regproc::text,
        'serialfunc', nullif(g.aggserialfn, 0)::regproc::text, 'deserialfunc', nullif(g.aggdeserialfn, 0)::regproc::text,
        'initcond', g.agginitval, 'msfunc', nullif(g.aggmtransfn, 0)::regproc::text, 'minvfunc', nullif(g.aggminvtransfn, 0)::regproc::text,
        'mstype', case when g.aggmtranstype <> 0 then format_type(g.aggmtranstype, null) end, 'msspace', nullif(g.aggmtransspace, 0),
        'mfinalfunc', nullif(g.aggmfinalfn, 0)::regproc::text, 'mfinalfunc_extra', nullif(g.aggmfinalextra, false),
        'mfinalfunc_modify', case when g.aggmtransfn <> 0 then g.aggmfinalmodify end, 'minitcond', g.aggminitval,
        'sortop', case when g.aggsortop <> 0 then (select format('operator(%I.%s)', sn.nspname, so.oprname)
          from pg_operator so join pg_namespace sn on sn.oid = so.oprnamespace where so.oid = g.aggsortop) end,
        'parallel', p.proparallel)) end as aggregate,
      pg_get_userbyid(p.proowner) as owner, ${privileges("p.proacl", "'f'", "p.proowner")}, comment.description as comment
    from pg_proc p join n on n.oid = p.pronamespace left join pg_aggregate g on g.aggfnoid = p.oid
      ${commentJoin("pg_proc", "p.oid")}
    where ${notOfExtension("pg_proc", "p.oid")}
      and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
        and d.refclassid = 'pg_type'::regclass and d.deptype = 'i')`,
};
