/** What a statement that drops would take along: found by running it, in a subtransaction that is rolled back. */
export const reach = `
-- Whatever has the name of an object that a statement drops; of functions all of that name.
CREATE OR REPLACE FUNCTION belay.named(kind text, schema text, name text, part_of text) RETURNS TABLE (classid oid, objid oid, objsubid integer)
LANGUAGE sql STABLE AS $f$
  SELECT 'pg_catalog.pg_class'::regclass::oid, a.attrelid, a.attnum::integer FROM pg_catalog.pg_attribute a
    WHERE kind = 'column' AND a.attname = name AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attrelid = pg_catalog.to_regclass(concat(quote_ident(schema) || '.', quote_ident(part_of)))
  UNION ALL SELECT c.tableoid, c.oid, 0 FROM pg_catalog.pg_class c
    WHERE kind IN ('table', 'view', 'materialized view', 'sequence', 'foreign table') AND c.oid = pg_catalog.to_regclass(concat(quote_ident(schema) || '.', quote_ident(name)))
  UNION ALL SELECT t.tableoid, t.oid, 0 FROM pg_catalog.pg_type t
    WHERE kind IN ('type', 'domain') AND t.oid = pg_catalog.to_regtype(concat(quote_ident(schema) || '.', quote_ident(name)))
  UNION ALL SELECT p.tableoid, p.oid, 0 FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE kind IN ('function', 'procedure', 'aggregate', 'routine') AND p.proname = name
      AND CASE WHEN schema IS NULL THEN pg_catalog.pg_function_is_visible(p.oid) ELSE n.nspname = schema END
  UNION ALL SELECT n.tableoid, n.oid, 0 FROM pg_catalog.pg_namespace n WHERE kind = 'schema' AND n.nspname = name
  UNION ALL SELECT o.tableoid, o.oid, 0 FROM pg_catalog.pg_collation o JOIN pg_catalog.pg_namespace n ON n.oid = o.collnamespace
    WHERE kind = 'collation' AND o.collname = name AND CASE WHEN schema IS NULL THEN pg_catalog.pg_collation_is_visible(o.oid) ELSE n.nspname = schema END
  UNION ALL SELECT e.tableoid, e.oid, 0 FROM pg_catalog.pg_extension e WHERE kind = 'extension' AND e.extname = name
  UNION ALL SELECT s.tableoid, s.oid, 0 FROM pg_catalog.pg_foreign_server s WHERE kind = 'server' AND s.srvname = name
  UNION ALL SELECT w.tableoid, w.oid, 0 FROM pg_catalog.pg_foreign_data_wrapper w WHERE kind = 'foreign data wrapper' AND w.fdwname = name
$f$;

-- These, and all that depends on them, directly or through others.
CREATE OR REPLACE FUNCTION belay.family_of(wanted jsonb) RETURNS TABLE (classid oid, objid oid, objsubid integer)
LANGUAGE sql STABLE AS $f$
  WITH RECURSIVE family(classid, objid, objsubid) AS (
    SELECT n.* FROM jsonb_to_recordset(wanted) AS w(kind text, schema text, name text, "of" text), belay.named(w.kind, w.schema, w.name, w."of") AS n
    UNION
    SELECT x.* FROM family f CROSS JOIN LATERAL (
      SELECT d.classid, d.objid, d.objsubid FROM pg_catalog.pg_depend d
        WHERE d.refclassid = f.classid AND d.refobjid = f.objid AND (f.objsubid = 0 OR d.refobjsubid = f.objsubid)
      UNION ALL
      -- A part takes along what it is a part of: the rule of a view its view.
      SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_catalog.pg_depend d
        WHERE d.classid = f.classid AND d.objid = f.objid AND d.objsubid = f.objsubid AND d.deptype IN ('i', 'P', 'S')
      UNION ALL
      SELECT f.classid, i.inhrelid, c.attnum::integer FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_attribute p ON p.attrelid = i.inhparent AND p.attnum = f.objsubid
        JOIN pg_catalog.pg_attribute c ON c.attrelid = i.inhrelid AND c.attname = p.attname
        WHERE f.classid = 'pg_catalog.pg_class'::regclass AND f.objsubid > 0 AND i.inhparent = f.objid
    ) AS x
  )
  SELECT * FROM family
$f$;

CREATE OR REPLACE FUNCTION belay.is_gone(classid oid, objid oid, objsubid integer) RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog AS $f$
  SELECT CASE WHEN classid = 'pg_class'::regclass AND objsubid > 0
    THEN NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = objid AND a.attnum = objsubid AND NOT a.attisdropped)
    ELSE pg_describe_object(classid, objid, objsubid) IS NULL END
$f$;
`;
