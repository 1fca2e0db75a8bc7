import type { ObjectFacts, RelationFacts } from "../../preflight/facts.js";
import type { Wanted } from "../../preflight/wanted.js";
import { rowKey } from "../ledger/sql/rows/not-kept.js";
import type { Session } from "../session/session.js";

export interface FoundObjects {
  readonly relations: readonly RelationFacts[];
  readonly objects: readonly ObjectFacts[];
}

/** Looks up in one statement everything that the pending changes name, without a lock on any of it. */
export async function readObjects(session: Session, wanted: Wanted): Promise<FoundObjects> {
  const { relations, objects } = wanted;
  if (relations.length === 0 && objects.length === 0) return { relations: [], objects: [] };
  const [row] = await session.query<{ relations: RelationFacts[]; objects: ObjectFacts[] }>(lookUp, [
    JSON.stringify(relations),
    JSON.stringify(objects),
  ]);
  return { relations: row?.relations ?? [], objects: row?.objects ?? [] };
}

/** Names are looked up in the catalogs: to_regclass() throws where a schema may not be looked into, and the size functions take locks. */
const lookUp = `
WITH path AS (SELECT name, place FROM unnest(current_schemas(true)) WITH ORDINALITY AS p(name, place)),
wanted_relation AS (SELECT * FROM json_to_recordset($1::json) AS w(name text, schema text, "table" text)),
relation AS (
  SELECT DISTINCT ON (w.name) w.name, c.*, n.oid AS namespace, i.indrelid
  FROM wanted_relation w
  JOIN pg_class c ON c.relname = w."table"
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN path ON path.name = n.nspname
  LEFT JOIN pg_index i ON i.indexrelid = c.oid
  WHERE CASE WHEN w.schema IS NULL THEN path.place IS NOT NULL ELSE n.nspname = w.schema END
  ORDER BY w.name, path.place),
wanted_object AS (SELECT * FROM json_to_recordset($2::json) AS w(kind text, schema text, name text)),
object AS (
  SELECT w.*,
    CASE w.kind
      WHEN 'type' THEN (SELECT t.oid FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN path p ON p.name = n.nspname
        WHERE t.typname = w.name AND CASE WHEN w.schema IS NULL THEN p.place IS NOT NULL ELSE n.nspname = w.schema END ORDER BY p.place LIMIT 1)
      WHEN 'function' THEN (SELECT f.oid FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace LEFT JOIN path p ON p.name = n.nspname
        WHERE f.proname = w.name AND CASE WHEN w.schema IS NULL THEN p.place IS NOT NULL ELSE n.nspname = w.schema END ORDER BY p.place LIMIT 1)
      WHEN 'schema' THEN (SELECT oid FROM pg_namespace WHERE nspname = w.name)
      WHEN 'extension' THEN (SELECT oid FROM pg_extension WHERE extname = w.name)
    END AS oid,
    CASE w.kind WHEN 'type' THEN 'pg_type' WHEN 'function' THEN 'pg_proc' END::regclass AS class
  FROM wanted_object w)
SELECT
  (SELECT coalesce(json_agg(json_build_object(
    'name', r.name, 'oid', r.oid::bigint, 'tableOid', coalesce(r.indrelid, r.oid)::bigint, 'kind', r.relkind,
    'owner', r.relowner::regrole::text,
    'rights', ARRAY(SELECT 'owner' WHERE pg_has_role(r.relowner, 'USAGE')
      UNION ALL SELECT 'maintain' WHERE pg_has_role(r.relowner, 'USAGE')
        OR (current_setting('server_version_num')::int >= 170000
          AND has_table_privilege(r.oid, CASE WHEN current_setting('server_version_num')::int >= 170000 THEN 'MAINTAIN' ELSE 'SELECT' END))
      UNION ALL SELECT right_ FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) right_ WHERE r.relkind NOT IN ('i', 'I', 'c') AND has_any_column_privilege(r.oid, right_)
      UNION ALL SELECT right_ FROM unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) right_ WHERE r.relkind NOT IN ('i', 'I', 'c') AND has_table_privilege(r.oid, right_)),
    'readsRows', r.relkind IN ('i', 'I', 'c') OR NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND NOT has_column_privilege(r.oid, a.attnum, 'SELECT')),
    'keyed', EXISTS (${rowKey("r.oid")}),
    'schemaCreate', has_schema_privilege(r.namespace, 'CREATE'),
    'grants', (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(r.relacl) a),
    'rowSecurity', r.relrowsecurity, 'forcedRowSecurity', r.relforcerowsecurity,
    'columns', (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull) ORDER BY a.attnum), '[]')
      FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND r.relkind NOT IN ('i', 'I'))
  ) ORDER BY r.name), '[]') FROM relation r) AS relations,
  (SELECT coalesce(json_agg(json_build_object(
    'kind', o.kind, 'schema', o.schema, 'name', o.name, 'there', o.oid IS NOT NULL,
    'extension', (SELECT e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
      WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass LIMIT 1),
    'owned', CASE o.kind
      WHEN 'type' THEN (SELECT pg_has_role(typowner, 'USAGE') FROM pg_type WHERE oid = o.oid)
      WHEN 'schema' THEN (SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE oid = o.oid)
      WHEN 'extension' THEN (SELECT current_setting('is_superuser') = 'on' OR bool_or(v.trusted AND has_database_privilege(current_database(), 'CREATE')) OR NOT bool_or(v.superuser)
        FROM pg_available_extension_versions v WHERE v.name = o.name) END,
    'usable', CASE o.kind
      WHEN 'schema' THEN o.oid IS NOT NULL AND has_schema_privilege(o.oid, 'CREATE')
      WHEN 'extension' THEN o.oid IS NOT NULL OR EXISTS (SELECT FROM pg_available_extensions v WHERE v.name = o.name)
      ELSE true END
  )), '[]') FROM object o) AS objects`;
