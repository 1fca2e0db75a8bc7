import { columnsHidden } from "./hiding-columns.js";
import { relationsHidden } from "./hiding-relations.js";
import { takenOff } from "./hiding-parts.js";

/** The parts that make up what would be dropped, as the statements below see them. */
const parts = `
    gone AS (SELECT * FROM unnest(classes, objects, parts) AS g(classid, objid, objsubid)),
    -- Relations that go as a whole.
    rel AS (
      SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relispartition, c.relpartbound, c.reloftype, n.nspname,
        format('belay_kept_%s_%s_%s', seq, row_number() OVER (ORDER BY c.oid), c.relname)::name AS kept,
        o.is_gone IS TRUE AS is_owned, o.owner
      FROM gone g JOIN pg_class c ON c.oid = g.objid JOIN pg_namespace n ON n.oid = c.relnamespace
      -- A sequence of a column: where the column goes too it stays with it, and else it leaves its owner.
      LEFT JOIN LATERAL (SELECT format('%s.%I', d.refobjid::regclass, a.attname) AS owner, EXISTS (SELECT FROM gone o WHERE o.classid = d.refclassid AND o.objid = d.refobjid AND o.objsubid IN (0, d.refobjsubid)) AS is_gone
        FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE c.relkind = 'S' AND d.classid = c.tableoid AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refclassid = c.tableoid) AS o ON true
      WHERE g.classid = 'pg_class'::regclass AND g.objsubid = 0 AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    ),
    -- Columns that go from relations that stay; those of partitions and of inheriting tables follow.
    col AS (
      SELECT a.attrelid, a.attnum, a.attname, a.attnotnull, a.attidentity, a.attgenerated, c.reloftype, c.relkind,
        format('belay_kept_%s_%s_%s', seq, row_number() OVER (ORDER BY a.attrelid, a.attnum), a.attname)::name AS kept,
        a.attinhcount = 0 AS is_top, pg_get_expr(f.adbin, f.adrelid) AS default_text
      FROM gone g JOIN pg_attribute a ON a.attrelid = g.objid AND a.attnum = g.objsubid JOIN pg_class c ON c.oid = a.attrelid
      LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
      WHERE g.classid = 'pg_class'::regclass AND g.objsubid > 0 AND NOT EXISTS (SELECT FROM rel r WHERE r.oid = a.attrelid)
    ),
    -- Indexes of what is hidden: they go with it, under another name.
    ind AS (
      SELECT i.indexrelid, i.indrelid, i.indisunique, n.nspname, c.relname,
        format('belay_kept_%s_%s_%s', seq, row_number() OVER (ORDER BY c.oid), c.relname)::name AS kept,
        EXISTS (SELECT FROM rel r WHERE r.oid = i.indrelid) AS is_whole,
        EXISTS (SELECT FROM pg_constraint p WHERE p.conindid = i.indexrelid AND p.contype = 'p') AS is_primary,
        EXISTS (SELECT FROM pg_constraint p WHERE p.conindid = i.indexrelid AND p.contype IN ('p', 'u', 'x')) AS is_constraint,
        EXISTS (SELECT FROM col, pg_depend d LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
          WHERE d.classid IN ('pg_class'::regclass, 'pg_constraint'::regclass) AND d.objid IN (i.indexrelid, k.oid) AND d.refclassid = 'pg_class'::regclass
            AND d.refobjid = col.attrelid AND d.refobjsubid = col.attnum) AS is_of_column
      FROM gone g JOIN pg_index i ON i.indexrelid = g.objid JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_class t ON t.oid = i.indrelid AND t.relkind <> 't'
      WHERE g.classid = 'pg_class'::regclass AND g.objsubid = 0
    )`;

/**
 * How each part of what would be dropped is hidden, and how it comes back. `act` hides it and `back` undoes that, in the opposite order of all; `validate` and
 * `complete` follow in transactions of their own, since they scan; `purge` drops it for good. Where `act` is null, it cannot be hidden.
 */
export const hiding = `
CREATE OR REPLACE FUNCTION belay.publication_part(part oid) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $f$
DECLARE
  said text := '';
BEGIN
  -- Columns and filters are there since version 15.
  IF current_setting('server_version_num')::integer >= 150000 THEN
    EXECUTE $q$SELECT concat(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
          WHERE a.attrelid = p.prrelid AND a.attnum = ANY (p.prattrs::int2[])) || ')', ' WHERE ' || pg_get_expr(p.prqual, p.prrelid))
      FROM pg_publication_rel p WHERE p.oid = $1$q$ INTO said USING part;
  END IF;
  RETURN said;
END $f$;

DROP FUNCTION IF EXISTS belay.hiding(bigint, oid[], oid[], integer[]);
CREATE FUNCTION belay.hiding(seq bigint, classes oid[], objects oid[], parts integer[])
RETURNS TABLE (place integer, object text, act text[], back text[], validate text[], complete text[], purge text, violation jsonb)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  WITH ${parts.trim()}
${[takenOff, columnsHidden, relationsHidden].map((part) => part.trim()).join("\n  UNION ALL\n")}
$f$;

-- Where the values of tables and columns lie then.
CREATE OR REPLACE FUNCTION belay.hidden_parts(seq bigint, classes oid[], objects oid[], parts integer[]) RETURNS SETOF jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  WITH ${parts.trim()}
  SELECT jsonb_build_object('table', col.attrelid::regclass::text, 'column', col.attname, 'keptAs', col.kept, 'isHidden', true) FROM col WHERE col.is_top
  UNION ALL SELECT jsonb_build_object('table', r.oid::regclass::text, 'column', NULL, 'keptAs', r.kept, 'isHidden', true) FROM rel r WHERE r.relkind IN ('r', 'p')
$f$;
`;
