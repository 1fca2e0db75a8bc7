import { type CatalogQuery, commentJoin, notOfExtension, userSchemas } from "./fragments.js";

export const textSearchConfigurations: CatalogQuery = {
  kind: "text search configuration",
  path: ["schema", "name"],
  text: `with ${userSchemas}
    select 'pg_ts_config'::regclass::oid as "classId", c.oid, n.nspname as schema, c.cfgname as name,
      format('%I.%I', pn.nspname, p.prsname) as parser,
      (select jsonb_object_agg(m.alias, m.dictionaries) from (
        select tt.alias, jsonb_agg(m.mapdict::regdictionary::text order by m.mapseqno) as dictionaries
        from pg_ts_config_map m join ts_token_type(c.cfgparser) tt on tt.tokid = m.maptokentype
        where m.mapcfg = c.oid group by tt.alias) m) as mappings,
      pg_get_userbyid(c.cfgowner) as owner, comment.description as comment
    from pg_ts_config c join n on n.oid = c.cfgnamespace
      join pg_ts_parser p on p.oid = c.cfgparser join pg_namespace pn on pn.oid = p.prsnamespace
      ${commentJoin("pg_ts_config", "c.oid")}
    where ${notOfExtension("pg_ts_config", "c.oid")}`,
};

export const textSearchDictionaries: CatalogQuery = {
  kind: "text search dictionary",
  path: ["schema", "name"],
  text: `with ${userSchemas}
    select 'pg_ts_dict'::regclass::oid as "classId", d.oid, n.nspname as schema, d.dictname as name,
      format('%I.%I', tn.nspname, t.tmplname) as template, d.dictinitoption as settings,
      pg_get_userbyid(d.dictowner) as owner, comment.description as comment
    from pg_ts_dict d join n on n.oid = d.dictnamespace
      join pg_ts_template t on t.oid = d.dicttemplate join pg_namespace tn on tn.oid = t.tmplnamespace
      ${commentJoin("pg_ts_dict", "d.oid")}
    where ${notOfExtension("pg_ts_dict", "d.oid")}`,
};

export const textSearchParsers: CatalogQuery = {
  kind: "text search parser",
  path: ["schema", "name"],
  text: `with ${userSchemas}
    select 'pg_ts_parser'::regclass::oid as "classId", p.oid, n.nspname as schema, p.prsname as name,
      format('start = %s, gettoken = %s, "end" = %s, lextypes = %s%s', p.prsstart::regproc, p.prstoken::regproc, p.prsend::regproc,
        p.prslextype::regproc, case when p.prsheadline <> 0 then ', headline = ' || p.prsheadline::regproc else '' end) as parameters,
      comment.description as comment
    from pg_ts_parser p join n on n.oid = p.prsnamespace ${commentJoin("pg_ts_parser", "p.oid")}
    where ${notOfExtension("pg_ts_parser", "p.oid")}`,
};

export const textSearchTemplates: CatalogQuery = {
  kind: "text search template",
  path: ["schema", "name"],
  text: `with ${userSchemas}
    select 'pg_ts_template'::regclass::oid as "classId", t.oid, n.nspname as schema, t.tmplname as name,
      format('%slexize = %s', case when t.tmplinit <> 0 then 'init = ' || t.tmplinit::regproc || ', ' else '' end,
        t.tmpllexize::regproc) as parameters, comment.description as comment
    from pg_ts_template t join n on n.oid = t.tmplnamespace ${commentJoin("pg_ts_template", "t.oid")}
    where ${notOfExtension("pg_ts_template", "t.oid")}`,
};
