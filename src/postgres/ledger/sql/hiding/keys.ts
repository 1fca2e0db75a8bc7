/** What a plan calls the objects that are hidden: in the same words as its `keyOf`. */
export const keys = `
-- The keys of all that would be dropped, with the columns of what goes as a whole. What stands in the home schema has a key without it too, and what has rows or
-- columns is also called a table: a statement alone does not tell. A routine may be spoken of by any of its words.
CREATE OR REPLACE FUNCTION belay.keys_of(home name, classes oid[], objects oid[], parts integer[]) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  WITH gone AS (SELECT * FROM unnest(classes, objects, parts) AS g(classid, objid, objsubid)),
  named(kind, namespace, name, part) AS (
    SELECT k.kind, c.relnamespace, c.relname, NULL::name FROM gone g JOIN pg_class c ON c.oid = g.objid
      JOIN (VALUES ('r', 'table'), ('p', 'table'), ('i', 'index'), ('I', 'index'), ('S', 'sequence'), ('S', 'table'), ('v', 'view'), ('v', 'table'), ('m', 'materialized view'),
        ('m', 'table'), ('f', 'foreign table'), ('f', 'table'), ('c', 'type')) AS k(relkind, kind) ON k.relkind = c.relkind::text
      WHERE g.classid = 'pg_class'::regclass AND g.objsubid = 0
    UNION ALL SELECT 'column', c.relnamespace, c.relname, a.attname FROM gone g JOIN pg_class c ON c.oid = g.objid AND c.relkind NOT IN ('i', 'I', 'S', 't')
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND g.objsubid IN (0, a.attnum) WHERE g.classid = 'pg_class'::regclass
    UNION ALL SELECT 'constraint', c.relnamespace, c.relname, k.conname FROM gone g JOIN pg_constraint k ON k.oid = g.objid JOIN pg_class c ON c.oid = k.conrelid
      WHERE g.classid = 'pg_constraint'::regclass
    UNION ALL SELECT 'trigger', c.relnamespace, c.relname, t.tgname FROM gone g JOIN pg_trigger t ON t.oid = g.objid JOIN pg_class c ON c.oid = t.tgrelid
      WHERE g.classid = 'pg_trigger'::regclass
    UNION ALL SELECT 'policy', c.relnamespace, c.relname, p.polname FROM gone g JOIN pg_policy p ON p.oid = g.objid JOIN pg_class c ON c.oid = p.polrelid
      WHERE g.classid = 'pg_policy'::regclass
    UNION ALL SELECT 'rule', c.relnamespace, c.relname, w.rulename FROM gone g JOIN pg_rewrite w ON w.oid = g.objid JOIN pg_class c ON c.oid = w.ev_class
      WHERE g.classid = 'pg_rewrite'::regclass
    UNION ALL SELECT k.kind, t.typnamespace, t.typname, NULL FROM gone g JOIN pg_type t ON t.oid = g.objid AND t.typtype IN ('e', 'd', 'r') CROSS JOIN (VALUES ('type'), ('domain')) AS k(kind)
      WHERE g.classid = 'pg_type'::regclass
    UNION ALL SELECT k.kind, p.pronamespace, p.proname, NULL FROM gone g JOIN pg_proc p ON p.oid = g.objid
      CROSS JOIN (VALUES ('function'), ('procedure'), ('aggregate'), ('routine')) AS k(kind) WHERE g.classid = 'pg_proc'::regclass
    UNION ALL SELECT 'statistics', s.stxnamespace, s.stxname, NULL FROM gone g JOIN pg_statistic_ext s ON s.oid = g.objid WHERE g.classid = 'pg_statistic_ext'::regclass
    UNION ALL SELECT 'schema', NULL, n.nspname, NULL FROM gone g JOIN pg_namespace n ON n.oid = g.objid WHERE g.classid = 'pg_namespace'::regclass
  )
  SELECT coalesce(array_agg(DISTINCT concat(d.kind, ' ', x.place, quote_ident(d.name), '.' || quote_ident(d.part)) COLLATE "C"), '{}')
  FROM named d LEFT JOIN pg_namespace n ON n.oid = d.namespace
  CROSS JOIN LATERAL (SELECT quote_ident(n.nspname) || '.' AS place UNION ALL SELECT NULL WHERE n.nspname = home) AS x
$f$;
`;
