import { type CatalogQuery, commentJoin, notOfExtension, privileges, withoutSecrets } from "./fragments.js";

export const foreignDataWrappers: CatalogQuery = {
  kind: "foreign data wrapper",
  path: ["name"],
  text: `select 'pg_foreign_data_wrapper'::regclass::oid as "classId", w.oid, w.fdwname as name,
      nullif(w.fdwhandler, 0)::regproc::text as handler, nullif(w.fdwvalidator, 0)::regproc::text as validator,
      ${withoutSecrets("w.fdwoptions")} as options, pg_get_userbyid(w.fdwowner) as owner,
      ${privileges("w.fdwacl", "'F'", "w.fdwowner")}, comment.description as comment
    from pg_foreign_data_wrapper w ${commentJoin("pg_foreign_data_wrapper", "w.oid")}
    where ${notOfExtension("pg_foreign_data_wrapper", "w.oid")} and $1::text[] is not null`,
};

export const servers: CatalogQuery = {
  kind: "server",
  path: ["name"],
  text: `select 'pg_foreign_server'::regclass::oid as "classId", s.oid, s.srvname as name, w.fdwname as wrapper,
      s.srvtype as type, s.srvversion as version, ${withoutSecrets("s.srvoptions")} as options,
      pg_get_userbyid(s.srvowner) as owner, ${privileges("s.srvacl", "'S'", "s.srvowner")}, comment.description as comment
    from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw ${commentJoin("pg_foreign_server", "s.oid")}
    where ${notOfExtension("pg_foreign_server", "s.oid")} and $1::text[] is not null`,
};

/** The view, since the table is for superusers alone; it hides options that the reader may not see. */
export const userMappings: CatalogQuery = {
  kind: "user mapping",
  path: ["role", "server"],
  text: `select 'pg_user_mapping'::regclass::oid as "classId", m.umid as oid,
      case when m.umuser = 0 then 'public' else m.usename end as role, m.srvname as server, ${withoutSecrets("m.umoptions")} as options
    from pg_user_mappings m where $1::text[] is not null`,
};

export const languages: CatalogQuery = {
  kind: "language",
  path: ["name"],
  text: `select 'pg_language'::regclass::oid as "classId", l.oid, l.lanname as name, l.lanpltrusted as trusted,
      nullif(l.lanplcallfoid, 0)::regproc::text as handler, nullif(l.laninline, 0)::regproc::text as inline,
      nullif(l.lanvalidator, 0)::regproc::text as validator, pg_get_userbyid(l.lanowner) as owner,
      ${privileges("l.lanacl", "'l'", "l.lanowner")}, comment.description as comment
    from pg_language l ${commentJoin("pg_language", "l.oid")}
    where l.oid >= 16384 and ${notOfExtension("pg_language", "l.oid")} and $1::text[] is not null`,
};

export const accessMethods: CatalogQuery = {
  kind: "access method",
  path: ["name"],
  text: `select 'pg_am'::regclass::oid as "classId", a.oid, a.amname as name,
      case a.amtype when 't' then 'table' else 'index' end as type, a.amhandler::regproc::text as handler, comment.description as comment
    from pg_am a ${commentJoin("pg_am", "a.oid")}
    where a.oid >= 16384 and ${notOfExtension("pg_am", "a.oid")} and $1::text[] is not null`,
};

export const transforms: CatalogQuery = {
  kind: "transform",
  path: [],
  text: `select 'pg_transform'::regclass::oid as "classId", t.oid,
      format('(for %s language %s)', format_type(t.trftype, null), l.lanname) as signature,
      nullif(t.trffromsql, 0)::regprocedure::text as "fromSql", nullif(t.trftosql, 0)::regprocedure::text as "toSql"
    from pg_transform t join pg_language l on l.oid = t.trflang
    where ${notOfExtension("pg_transform", "t.oid")} and $1::text[] is not null`,
};
