import { type CatalogQuery, commentJoin, notOfExtension } from "./fragments.js";

/** Row filters, column lists and schemas of publications came with PostgreSQL 15. */
const tables = (serverVersion: number): string => `(
      select jsonb_object_agg(quote_ident(n.nspname) || '.' || quote_ident(c.relname), ${
        serverVersion < 150000
          ? "'{}'::jsonb"
          : `jsonb_strip_nulls(jsonb_build_object('where', pg_get_expr(r.prqual, r.prrelid), 'columns', (
          select jsonb_agg(a.attname order by a.attnum) from pg_attribute a where a.attrelid = c.oid and a.attnum = any (r.prattrs::int2[]))))`
      })
      from pg_publication_rel r join pg_class c on c.oid = r.prrelid join pg_namespace n on n.oid = c.relnamespace
      where r.prpubid = p.oid and n.nspname <> all ($1::text[]))`;

const schemas = (serverVersion: number): string =>
  serverVersion < 150000
    ? "null"
    : `(select array_agg(n.nspname::text order by n.nspname collate "C")
        from pg_publication_namespace s join pg_namespace n on n.oid = s.pnnspid
        where s.pnpubid = p.oid and n.nspname <> all ($1::text[]))`;

export const publications = (serverVersion: number): CatalogQuery => ({
  kind: "publication",
  unit: "publication",
  path: ["name"],
  text: `select 'pg_publication'::regclass::oid as "classId", p.oid, p.oid as unit, p.pubname as name, p.puballtables as "allTables",
      case when not (p.pubinsert and p.pubupdate and p.pubdelete and p.pubtruncate) then array_remove(array[
        case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end,
        case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end], null) end as publish,
      p.pubviaroot as "viaPartitionRoot", nullif(to_jsonb(p) ->> 'pubgencols', 'n') as "generatedColumns",
      ${tables(serverVersion)} as tables, ${schemas(serverVersion)} as schemas,
      pg_get_userbyid(p.pubowner) as owner, comment.description as comment
    from pg_publication p ${commentJoin("pg_publication", "p.oid")}
    where ${notOfExtension("pg_publication", "p.oid")}`,
});

/** Without the connection string, which only superusers may read and which holds a password. */
export const subscriptions: CatalogQuery = {
  kind: "subscription",
  path: ["name"],
  text: `select 'pg_subscription'::regclass::oid as "classId", s.oid, s.subname as name, s.subenabled as enabled,
      s.subbinary as "binary", case when s.substream::text in ('t', 'p') then s.substream::text end as streaming,
      s.subslotname as "slotName", s.subsynccommit as "synchronousCommit",
      (select array_agg(x order by x collate "C") from unnest(s.subpublications) as x) as publications,
      pg_get_userbyid(s.subowner) as owner, comment.description as comment
    from pg_subscription s ${commentJoin("pg_subscription", "s.oid")}
    where s.subdbid = (select oid from pg_database where datname = current_database()) and $1::text[] is not null`,
};

/** Event triggers, but for those whose function is in an excluded schema. */
export const eventTriggers: CatalogQuery = {
  kind: "event trigger",
  path: ["name"],
  text: `select 'pg_event_trigger'::regclass::oid as "classId", e.oid, e.evtname as name, e.evtevent as event,
      (select array_agg(x order by x collate "C") from unnest(e.evttags) as x) as tags,
      array[n.nspname, f.proname]::text[] as "@function",
      case e.evtenabled when 'D' then 'disabled' when 'R' then 'replica' when 'A' then 'always' end as enabled,
      pg_get_userbyid(e.evtowner) as owner, comment.description as comment
    from pg_event_trigger e join pg_proc f on f.oid = e.evtfoid join pg_namespace n on n.oid = f.pronamespace
      ${commentJoin("pg_event_trigger", "e.oid")}
    where ${notOfExtension("pg_event_trigger", "e.oid")} and n.nspname <> all ($1::text[])`,
};
