/**
 * What hangs on the hidden from outside, or would refuse the application's writes while it is hidden, is taken off, and put back from its definition. Each SELECT:
 * place, object, act, back, validate, complete, purge, violation.
 */
export const takenOff = `
  SELECT 10, format('membership of %s in the publication %I', m.prrelid::regclass, p.pubname),
    ARRAY[format('ALTER PUBLICATION %I DROP TABLE %s', p.pubname, m.prrelid::regclass)],
    ARRAY[format('ALTER PUBLICATION %I ADD TABLE ONLY %s%s', p.pubname, m.prrelid::regclass, belay.publication_part(m.oid))], NULL::text[], NULL::text[], NULL, NULL::jsonb
  FROM gone g JOIN pg_publication_rel m ON m.oid = g.objid JOIN pg_publication p ON p.oid = m.prpubid WHERE g.classid = 'pg_publication_rel'::regclass
  UNION ALL
  -- Foreign keys at the other end of which something stays.
  SELECT 20, format('constraint %I on %s', f.conname, f.conrelid::regclass),
    ARRAY[format('ALTER TABLE %s DROP CONSTRAINT %I', f.conrelid::regclass, f.conname)],
    array_remove(ARRAY[format('ALTER TABLE %s ADD CONSTRAINT %I %s%s', f.conrelid::regclass, f.conname, pg_get_constraintdef(f.oid), CASE WHEN f.convalidated AND c.relkind <> 'p' THEN ' NOT VALID' ELSE '' END),
      format('COMMENT ON CONSTRAINT %I ON %s IS ', f.conname, f.conrelid::regclass) || quote_literal(obj_description(f.oid, 'pg_constraint'))], NULL),
    CASE WHEN f.convalidated AND c.relkind <> 'p' THEN ARRAY[format('ALTER TABLE %s VALIDATE CONSTRAINT %I', f.conrelid::regclass, f.conname)] END, NULL, NULL,
    (SELECT jsonb_build_object('what', format('rows of %s that refer to no row of %s (%s)', f.conrelid::regclass, f.confrelid::regclass, f.conname),
      'sql', format('SELECT count(*) FROM %s x WHERE %s AND NOT EXISTS (SELECT FROM %s y WHERE %s)',
        coalesce((SELECT format('belay_kept.%I', r.kept) FROM rel r WHERE r.oid = f.conrelid), f.conrelid::regclass::text),
        string_agg(format('x.%I IS NOT NULL', coalesce((SELECT col.kept FROM col WHERE col.attrelid = f.conrelid AND col.attnum = a.attnum), a.attname)), ' AND '),
        coalesce((SELECT format('belay_kept.%I', r.kept) FROM rel r WHERE r.oid = f.confrelid), f.confrelid::regclass::text),
        string_agg(format('x.%I = y.%I', coalesce((SELECT col.kept FROM col WHERE col.attrelid = f.conrelid AND col.attnum = a.attnum), a.attname),
          coalesce((SELECT col.kept FROM col WHERE col.attrelid = f.confrelid AND col.attnum = b.attnum), b.attname)), ' AND ')))
     FROM unnest(f.conkey, f.confkey) AS k(a, b) JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.a JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = k.b
     WHERE f.convalidated)
  FROM gone g JOIN pg_constraint f ON f.oid = g.objid JOIN pg_class c ON c.oid = f.conrelid
  WHERE g.classid = 'pg_constraint'::regclass AND f.contype = 'f' AND f.conparentid = 0
    AND NOT (EXISTS (SELECT FROM rel r WHERE r.oid = f.conrelid) AND EXISTS (SELECT FROM rel r WHERE r.oid = f.confrelid))
  UNION ALL
  SELECT 30, format('trigger %I on %s', t.tgname, t.tgrelid::regclass),
    ARRAY[format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)],
    array_remove(ARRAY[pg_get_triggerdef(t.oid),
      CASE t.tgenabled WHEN 'D' THEN format('ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::regclass, t.tgname) WHEN 'R' THEN format('ALTER TABLE %s ENABLE REPLICA TRIGGER %I', t.tgrelid::regclass, t.tgname)
        WHEN 'A' THEN format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.tgrelid::regclass, t.tgname) END,
      format('COMMENT ON TRIGGER %I ON %s IS ', t.tgname, t.tgrelid::regclass) || quote_literal(obj_description(t.oid, 'pg_trigger'))], NULL), NULL, NULL, NULL, NULL
  FROM gone g JOIN pg_trigger t ON t.oid = g.objid
  WHERE g.classid = 'pg_trigger'::regclass AND NOT t.tgisinternal AND t.tgparentid = 0 AND NOT EXISTS (SELECT FROM rel r WHERE r.oid = t.tgrelid)
  UNION ALL
  SELECT 30, format('policy %I on %s', p.polname, p.polrelid::regclass),
    ARRAY[format('DROP POLICY %I ON %s', p.polname, p.polrelid::regclass)],
    array_remove(ARRAY[format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', p.polname, p.polrelid::regclass, CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
        CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        (SELECT string_agg(CASE o WHEN 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(o)) END, ', ') FROM unnest(p.polroles) AS o))
      || concat(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'),
      format('COMMENT ON POLICY %I ON %s IS ', p.polname, p.polrelid::regclass) || quote_literal(obj_description(p.oid, 'pg_policy'))], NULL), NULL, NULL, NULL, NULL
  FROM gone g JOIN pg_policy p ON p.oid = g.objid WHERE g.classid = 'pg_policy'::regclass AND NOT EXISTS (SELECT FROM rel r WHERE r.oid = p.polrelid)
  UNION ALL
  SELECT 30, format('rule %I on %s', w.rulename, w.ev_class::regclass),
    ARRAY[format('DROP RULE %I ON %s', w.rulename, w.ev_class::regclass)],
    array_remove(ARRAY[rtrim(pg_get_ruledef(w.oid), ';'),
      CASE w.ev_enabled WHEN 'D' THEN format('ALTER TABLE %s DISABLE RULE %I', w.ev_class::regclass, w.rulename) WHEN 'R' THEN format('ALTER TABLE %s ENABLE REPLICA RULE %I', w.ev_class::regclass, w.rulename)
        WHEN 'A' THEN format('ALTER TABLE %s ENABLE ALWAYS RULE %I', w.ev_class::regclass, w.rulename) END,
      format('COMMENT ON RULE %I ON %s IS ', w.rulename, w.ev_class::regclass) || quote_literal(obj_description(w.oid, 'pg_rewrite'))], NULL), NULL, NULL, NULL, NULL
  FROM gone g JOIN pg_rewrite w ON w.oid = g.objid
  WHERE g.classid = 'pg_rewrite'::regclass AND w.rulename <> '_RETURN' AND NOT EXISTS (SELECT FROM rel r WHERE r.oid = w.ev_class)
  UNION ALL
  SELECT 40, format('default of %s.%I', a.attrelid::regclass, a.attname),
    ARRAY[format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', a.attrelid::regclass, a.attname)],
    ARRAY[format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', a.attrelid::regclass, a.attname, pg_get_expr(f.adbin, f.adrelid))], NULL, NULL, NULL, NULL
  FROM gone g JOIN pg_attrdef f ON f.oid = g.objid JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
  WHERE g.classid = 'pg_attrdef'::regclass AND NOT EXISTS (SELECT FROM rel r WHERE r.oid = a.attrelid) AND NOT EXISTS (SELECT FROM col WHERE col.attrelid = a.attrelid AND col.attnum = a.attnum)
  UNION ALL
  -- Checks, and keys that cannot stay as they are.
  SELECT 40, format('constraint %I on %s', k.conname, k.conrelid::regclass),
    ARRAY[format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname)],
    array_remove(ARRAY[format('ALTER TABLE %s ADD CONSTRAINT %I %s%s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid), CASE WHEN k.contype = 'c' AND k.convalidated THEN ' NOT VALID' ELSE '' END),
      format('COMMENT ON CONSTRAINT %I ON %s IS ', k.conname, k.conrelid::regclass) || quote_literal(obj_description(k.oid, 'pg_constraint'))], NULL),
    CASE WHEN k.contype = 'c' AND k.convalidated THEN ARRAY[format('ALTER TABLE %s VALIDATE CONSTRAINT %I', k.conrelid::regclass, k.conname)] END, NULL, NULL,
    CASE WHEN k.contype = 'c' AND k.convalidated THEN jsonb_build_object('what', format('rows of %s that break its constraint %s', k.conrelid::regclass, k.conname),
      'sql', format('SELECT count(*) FROM (SELECT * FROM %1$s) AS whole CROSS JOIN LATERAL (SELECT %2$s) AS named WHERE NOT (%3$s)', k.conrelid::regclass,
        (SELECT string_agg(format('whole.%I AS %I', col.kept, col.attname), ', ') FROM col WHERE col.attrelid = k.conrelid), pg_get_expr(k.conbin, k.conrelid))) END
  FROM gone g JOIN pg_constraint k ON k.oid = g.objid
  WHERE g.classid = 'pg_constraint'::regclass AND k.conrelid <> 0 AND k.coninhcount = 0 AND NOT EXISTS (SELECT FROM rel r WHERE r.oid = k.conrelid)
    AND (k.contype IN ('c', 'p') OR k.contype IN ('u', 'x') AND NOT EXISTS (SELECT FROM ind WHERE ind.indexrelid = k.conindid AND ind.is_of_column))
  UNION ALL
  SELECT 45, format('index %s', ind.indexrelid::regclass),
    ARRAY[format('DROP INDEX %s', ind.indexrelid::regclass)],
    array_remove(ARRAY[pg_get_indexdef(ind.indexrelid), format('COMMENT ON INDEX %s IS ', ind.indexrelid::regclass) || quote_literal(obj_description(ind.indexrelid, 'pg_class'))], NULL), NULL, NULL, NULL, NULL
  FROM ind JOIN pg_class c ON c.oid = ind.indexrelid WHERE NOT ind.is_whole AND NOT ind.is_of_column AND NOT ind.is_constraint AND NOT c.relispartition
  UNION ALL
  SELECT 50, NULL, ARRAY[format('ALTER TABLE %s DETACH PARTITION %s', i.inhparent::regclass, r.oid::regclass)],
    ARRAY[format('ALTER TABLE %s ATTACH PARTITION %s %s', i.inhparent::regclass, r.oid::regclass, pg_get_expr(r.relpartbound, r.oid))], NULL, NULL, NULL, NULL
  FROM rel r JOIN pg_inherits i ON i.inhrelid = r.oid WHERE r.relispartition AND NOT EXISTS (SELECT FROM rel p WHERE p.oid = i.inhparent)
  UNION ALL
  -- A child that had no parent would have all its columns and constraints for its own, and keep them so: empty tables stand in for its parents.
  SELECT 50, NULL,
    array_agg(format('CREATE TABLE %s (LIKE %s INCLUDING CONSTRAINTS INCLUDING GENERATED)', k.parent, i.inhparent::regclass))
      || array_agg(format('ALTER TABLE %s INHERIT %s', r.oid::regclass, k.parent)) || array_agg(format('ALTER TABLE %s NO INHERIT %s', r.oid::regclass, i.inhparent::regclass)),
    array_agg(format('ALTER TABLE %s INHERIT %s', r.oid::regclass, i.inhparent::regclass) ORDER BY i.inhseqno)
      || array_agg(format('ALTER TABLE %s NO INHERIT %s', r.oid::regclass, k.parent)) || array_agg(format('DROP TABLE %s', k.parent)),
    NULL, NULL, 'DROP TABLE ' || string_agg(k.parent, ', '), NULL
  FROM rel r JOIN pg_inherits i ON i.inhrelid = r.oid CROSS JOIN LATERAL (SELECT format('belay_kept.belay_kept_%s_%s_parent_%s', seq, r.oid, i.inhparent) AS parent) AS k
  WHERE NOT r.relispartition AND NOT EXISTS (SELECT FROM rel p WHERE p.oid = i.inhparent) GROUP BY r.oid
`;
