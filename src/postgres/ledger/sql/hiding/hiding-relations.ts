/** Everything else moves to the schema \`belay_kept\`, under another name, with all that is its own; a schema that is empty then is dropped and made again. */
export const relationsHidden = `
  SELECT 60, NULL, ARRAY[format('ALTER INDEX %I.%I RENAME TO %I', ind.nspname, ind.relname, ind.kept)],
    ARRAY[format('ALTER INDEX %I.%I RENAME TO %I', ind.nspname, ind.kept, ind.relname)], NULL, NULL, NULL, NULL
  FROM ind WHERE ind.is_whole
  UNION ALL
  SELECT 60, NULL, ARRAY[format('ALTER SEQUENCE %s RENAME TO %I', r.oid::regclass, r.kept)], ARRAY[format('ALTER SEQUENCE %I.%I RENAME TO %I', r.nspname, r.kept, r.relname)], NULL, NULL, NULL, NULL
  FROM rel r WHERE r.relkind = 'S' AND r.is_owned
  UNION ALL
  SELECT 60, format('statistics %I.%I', n.nspname, s.stxname),
    ARRAY[format('ALTER STATISTICS %I.%I RENAME TO %I', n.nspname, s.stxname, k.kept), format('ALTER STATISTICS %I.%I SET SCHEMA belay_kept', n.nspname, k.kept)],
    ARRAY[format('ALTER STATISTICS belay_kept.%I SET SCHEMA %I', k.kept, n.nspname), format('ALTER STATISTICS %I.%I RENAME TO %I', n.nspname, k.kept, s.stxname)], NULL, NULL, NULL, NULL
  FROM gone g JOIN pg_statistic_ext s ON s.oid = g.objid JOIN pg_namespace n ON n.oid = s.stxnamespace
  CROSS JOIN LATERAL (SELECT format('belay_kept_%s_%s_%s', seq, s.oid, s.stxname)::name AS kept) AS k WHERE g.classid = 'pg_statistic_ext'::regclass
  UNION ALL
  SELECT 70, format('%s %s', CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, p.oid::regprocedure),
    ARRAY[format('ALTER ROUTINE %s RENAME TO %I', p.oid::regprocedure, k.kept), format('ALTER ROUTINE %I.%I SET SCHEMA belay_kept', n.nspname, k.kept)],
    ARRAY[format('ALTER ROUTINE belay_kept.%I SET SCHEMA %I', k.kept, n.nspname), format('ALTER ROUTINE %I.%I RENAME TO %I', n.nspname, k.kept, p.proname)], NULL, NULL,
    format('DROP ROUTINE belay_kept.%I', k.kept), NULL
  FROM gone g JOIN pg_proc p ON p.oid = g.objid JOIN pg_namespace n ON n.oid = p.pronamespace
  CROSS JOIN LATERAL (SELECT format('belay_kept_%s_%s_%s', seq, p.oid, p.proname)::name AS kept) AS k WHERE g.classid = 'pg_proc'::regclass
  UNION ALL
  SELECT 72, format('%s %s', CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, t.oid::regtype),
    ARRAY[format('ALTER %s %s RENAME TO %I', k.word, t.oid::regtype, k.kept), format('ALTER %s %I.%I SET SCHEMA belay_kept', k.word, n.nspname, k.kept)],
    ARRAY[format('ALTER %s belay_kept.%I SET SCHEMA %I', k.word, k.kept, n.nspname), format('ALTER %s %I.%I RENAME TO %I', k.word, n.nspname, k.kept, t.typname)], NULL, NULL,
    format('DROP %s belay_kept.%I', k.word, k.kept), NULL
  FROM gone g JOIN pg_type t ON t.oid = g.objid JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
  CROSS JOIN LATERAL (SELECT format('belay_kept_%s_%s_%s', seq, t.oid, t.typname)::name AS kept, CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END AS word) AS k
  WHERE g.classid = 'pg_type'::regclass AND (t.typtype IN ('e', 'd') OR t.typtype = 'c' AND c.relkind = 'c')
  UNION ALL
  SELECT CASE WHEN r.relkind IN ('r', 'p', 'f') THEN 90 ELSE 75 END, format('%s %s', lower(k.word), r.oid::regclass),
    array_remove(ARRAY[CASE WHEN r.owner IS NOT NULL THEN format('ALTER SEQUENCE %s OWNED BY NONE', r.oid::regclass) END,
      format('ALTER %s %s RENAME TO %I', k.word, r.oid::regclass, r.kept), format('ALTER %s %I.%I SET SCHEMA belay_kept', k.word, r.nspname, r.kept)], NULL),
    array_remove(ARRAY[format('ALTER %s belay_kept.%I SET SCHEMA %I', k.word, r.kept, r.nspname), format('ALTER %s %I.%I RENAME TO %I', k.word, r.nspname, r.kept, r.relname),
      'ALTER SEQUENCE ' || format('%I.%I', r.nspname, r.relname) || ' OWNED BY ' || r.owner], NULL), NULL, NULL,
    -- A partition goes with its parent.
    CASE WHEN NOT EXISTS (SELECT FROM pg_inherits i JOIN rel p ON p.oid = i.inhparent WHERE r.relispartition AND i.inhrelid = r.oid) THEN format('DROP %s belay_kept.%I', k.word, r.kept) END, NULL
  FROM rel r CROSS JOIN LATERAL (SELECT CASE r.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS word) AS k
  WHERE NOT (r.relkind = 'S' AND r.is_owned) AND r.relpersistence <> 't'
  UNION ALL
  SELECT 95, format('schema %I', n.nspname), ARRAY[format('DROP SCHEMA %I', n.nspname)],
    array_remove(ARRAY[format('CREATE SCHEMA %I AUTHORIZATION %I', n.nspname, pg_get_userbyid(n.nspowner)), format('COMMENT ON SCHEMA %I IS ', n.nspname) || quote_literal(obj_description(n.oid, 'pg_namespace'))], NULL)
      || coalesce((SELECT array_agg(format('GRANT %s ON SCHEMA %I TO %s%s', a.privilege_type, n.nspname, CASE a.grantee WHEN 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
        CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)) FROM aclexplode(n.nspacl) AS a WHERE a.grantee <> n.nspowner), '{}'), NULL, NULL, NULL, NULL
  FROM gone g JOIN pg_namespace n ON n.oid = g.objid WHERE g.classid = 'pg_namespace'::regclass
  UNION ALL
  -- What there is no way to hide.
  SELECT 0, pg_describe_object(g.classid, g.objid, g.objsubid), NULL, NULL, NULL, NULL, NULL, NULL
  FROM gone g LEFT JOIN pg_type t ON g.classid = 'pg_type'::regclass AND t.oid = g.objid LEFT JOIN pg_class c ON g.classid = 'pg_class'::regclass AND c.oid = g.objid
  LEFT JOIN pg_constraint k ON g.classid = 'pg_constraint'::regclass AND k.oid = g.objid
  WHERE NOT g.classid = ANY (ARRAY['pg_class', 'pg_attrdef', 'pg_constraint', 'pg_trigger', 'pg_rewrite', 'pg_policy', 'pg_type', 'pg_proc', 'pg_statistic_ext', 'pg_publication_rel', 'pg_namespace']::regclass[])
    OR t.typtype IN ('r', 'm', 'p') OR t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid) OR c.relpersistence = 't'
    OR k.contypid <> 0 AND NOT EXISTS (SELECT FROM gone d WHERE d.classid = 'pg_type'::regclass AND d.objid = k.contypid)
`;
