import { type CatalogQuery, commentJoin, notOfExtension, userSchemas } from "./fragments.js";

const enabled = (column: string): string =>
  `case ${column} when 'D' then 'disabled' when 'R' then 'replica' when 'A' then 'always' end as enabled`;

/** Triggers that somebody made, and their copies on partitions; those that carry out foreign keys are part of these. */
export const triggers: CatalogQuery = {
  kind: "trigger",
  unit: "relation",
  path: ["schema", "relation", "name"],
  text: `with ${userSchemas}
    select 'pg_trigger'::regclass::oid as "classId", t.oid, c.oid as unit, n.nspname as schema, c.relname as relation, t.tgname as name,
      pg_get_triggerdef(t.oid) as definition, ${enabled("t.tgenabled")}, t.tgparentid <> 0 as inherited,
      comment.description as comment
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join n on n.oid = c.relnamespace
      ${commentJoin("pg_trigger", "t.oid")}
    where (not t.tgisinternal or t.tgparentid <> 0 and t.tgconstraint = 0)
      and ${notOfExtension("pg_class", "c.oid")} and ${notOfExtension("pg_trigger", "t.oid")}`,
};

export const rules: CatalogQuery = {
  kind: "rule",
  unit: "relation",
  path: ["schema", "relation", "name"],
  text: `with ${userSchemas}
    select 'pg_rewrite'::regclass::oid as "classId", r.oid, c.oid as unit, n.nspname as schema, c.relname as relation, r.rulename as name,
      pg_get_ruledef(r.oid) as definition, ${enabled("r.ev_enabled")}, comment.description as comment
    from pg_rewrite r join pg_class c on c.oid = r.ev_class join n on n.oid = c.relnamespace
      ${commentJoin("pg_rewrite", "r.oid")}
    where r.rulename <> '_RETURN' and ${notOfExtension("pg_class", "c.oid")} and ${notOfExtension("pg_rewrite", "r.oid")}`,
};

export const policies: CatalogQuery = {
  kind: "policy",
  unit: "relation",
  path: ["schema", "relation", "name"],
  text: `with ${userSchemas}
    select 'pg_policy'::regclass::oid as "classId", p.oid, c.oid as unit, n.nspname as schema, c.relname as relation, p.polname as name,
      case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' end as command,
      not p.polpermissive as restrictive,
      case when p.polroles <> '{0}' then (
        select array_agg(pg_get_userbyid(r)::text order by pg_get_userbyid(r)::text collate "C") from unnest(p.polroles) as r) end as roles,
      pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as "check",
      comment.description as comment
    from pg_policy p join pg_class c on c.oid = p.polrelid join n on n.oid = c.relnamespace
      ${commentJoin("pg_policy", "p.oid")}
    where ${notOfExtension("pg_class", "c.oid")}`,
};

export const statistics: CatalogQuery = {
  kind: "statistics",
  unit: "statistics",
  path: ["schema", "name"],
  text: `with ${userSchemas}
    select 'pg_statistic_ext'::regclass::oid as "classId", s.oid, s.oid as unit, n.nspname as schema, s.stxname as name,
      pg_get_statisticsobjdef(s.oid) as definition, nullif(s.stxstattarget, -1) as target,
      pg_get_userbyid(s.stxowner) as owner, comment.description as comment
    from pg_statistic_ext s join n on n.oid = s.stxnamespace ${commentJoin("pg_statistic_ext", "s.oid")}
    where ${notOfExtension("pg_statistic_ext", "s.oid")}`,
};
