import { type CatalogQuery, commentJoin, notOfExtension, privileges, userSchemas } from "./fragments.js";

export const schemas: CatalogQuery = {
  kind: "schema",
  path: ["name"],
  text: `with ${userSchemas}
    select 'pg_namespace'::regclass::oid as "classId", n.oid, n.nspname as name,
      pg_get_userbyid(n.nspowner) as owner, ${privileges("n.nspacl", "'n'", "n.nspowner")}, comment.description as comment
    from n ${commentJoin("pg_namespace", "n.oid")}
    where ${notOfExtension("pg_namespace", "n.oid")}`,
};

export const extensions: CatalogQuery = {
  kind: "extension",
  path: ["name"],
  text: `select 'pg_extension'::regclass::oid as "classId", x.oid, x.extname as name, x.extversion as version,
      s.nspname as schema, comment.description as comment
    from pg_extension x join pg_namespace s on s.oid = x.extnamespace ${commentJoin("pg_extension", "x.oid")}
    where s.nspname <> all ($1::text[])`,
};

/** Default privileges: an entry without a schema is compared with the built-in default, one for a schema with nothing. */
export const defaultPrivileges: CatalogQuery = {
  kind: "default privileges",
  path: ["role", "schema", "objects"],
  text: `select 'pg_default_acl'::regclass::oid as "classId", d.oid, pg_get_userbyid(d.defaclrole) as role, s.nspname as schema,
      case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types'
        when 'n' then 'schemas' else 'large objects' end as objects,
      pg_get_userbyid(d.defaclrole) as owner, d.defaclacl::text[] as acl,
      case when d.defaclnamespace = 0 and d.defaclobjtype in ('r', 'S', 'f', 'T', 'n')
        then acldefault(case d.defaclobjtype when 'S' then 's'::"char" else d.defaclobjtype end, d.defaclrole)::text[]
        else '{}'::text[] end as "aclDefault"
    from pg_default_acl d left join pg_namespace s on s.oid = d.defaclnamespace
    where s.nspname is null or s.nspname <> all ($1::text[])`,
};
