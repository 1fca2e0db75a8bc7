import { vacuumKind } from "./vacuum-kind.js";

/** Taking all locks of a transaction before its first statement, in one order and within one limit of time. */
export const locking = `
CREATE OR REPLACE FUNCTION belay.locks_of(wanted jsonb, removes text[]) RETURNS TABLE (relation regclass, mode text)
LANGUAGE sql STABLE AS $f$
  WITH RECURSIVE modes(mode, rank) AS (
    VALUES ('ACCESS SHARE', 1), ('ROW SHARE', 2), ('ROW EXCLUSIVE', 3), ('SHARE UPDATE EXCLUSIVE', 4), ('SHARE', 5),
      ('SHARE ROW EXCLUSIVE', 6), ('EXCLUSIVE', 7), ('ACCESS EXCLUSIVE', 8)
  ), asked AS (
    -- An index is locked through its table.
    SELECT c.oid, m.rank, w.recurses, w."withDefault" AS with_default, w."withReferencing" AS with_referencing, coalesce(w.detaches, false) AS detaches,
      false AS is_gone,
      ARRAY[w.relation, pg_catalog.quote_ident(c.relname), pg_catalog.format('%I.%I', n.nspname, c.relname)] AS names
    FROM pg_catalog.jsonb_to_recordset(wanted) 
      AS w(relation text, mode text, recurses boolean, "withDefault" boolean, detaches boolean, "withReferencing" boolean)
    JOIN modes m ON m.mode = w.mode
    CROSS JOIN LATERAL (SELECT pg_catalog.to_regclass(w.relation)::oid AS named) AS resolved
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = resolved.named
    JOIN pg_catalog.pg_class c ON c.oid = coalesce(i.indrelid, resolved.named)
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    UNION ALL
    -- With a schema goes all that is in it.
    SELECT c.oid, 8, true, false, false, false, true, ARRAY['']
    FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
    WHERE 'schema ' || pg_catalog.quote_ident(n.nspname) = ANY (removes)
  ), gone AS (
    -- Foreign keys that go with their constraint, the key that they refer to, their column, or a table at either end.
    SELECT a.oid, f.conrelid, f.confrelid FROM asked a
    JOIN pg_catalog.pg_constraint f ON f.contype = 'f' AND a.oid IN (f.conrelid, f.confrelid), unnest(a.names) AS t(name)
    WHERE a.is_gone OR 'table ' || t.name = ANY (removes)
      OR 'constraint ' || t.name || '.' || pg_catalog.quote_ident(f.conname) = ANY (removes)
      OR EXISTS (SELECT FROM pg_catalog.pg_constraint k
                 WHERE a.oid = f.confrelid AND k.conrelid = a.oid AND k.contype IN ('p', 'u') AND k.conindid = f.conindid
                   AND 'constraint ' || t.name || '.' || pg_catalog.quote_ident(k.conname) = ANY (removes))
      OR EXISTS (SELECT FROM pg_catalog.pg_attribute c
                 WHERE (c.attrelid = a.oid AND a.oid = f.conrelid AND c.attnum = ANY (f.conkey)
                   OR c.attrelid = a.oid AND a.oid = f.confrelid AND c.attnum = ANY (f.confkey))
                   AND 'column ' || t.name || '.' || pg_catalog.quote_ident(c.attname) = ANY (removes))
  ), referencing(oid) AS (
    SELECT oid FROM asked WHERE with_referencing
    UNION SELECT f.conrelid FROM referencing r JOIN pg_catalog.pg_constraint f ON f.contype = 'f' AND f.confrelid = r.oid
  ), reached(oid, rank, recurses) AS (
    SELECT oid, rank, recurses FROM asked
    UNION ALL SELECT unnest(ARRAY[conrelid, confrelid]), 8, true FROM gone
    UNION ALL SELECT oid, 8, true FROM referencing
    -- The parent of a partition that is dropped, and its default partition.
    UNION ALL SELECT unnest(ARRAY[h.inhparent, p.partdefid]), 8, false FROM asked a
      JOIN pg_catalog.pg_inherits h ON h.inhrelid = a.oid
      LEFT JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = h.inhparent, unnest(a.names) AS t(name)
      WHERE 'table ' || t.name = ANY (removes)
    UNION ALL SELECT p.partdefid, 8, true FROM asked a JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = a.oid
      WHERE a.with_default AND a.rank >= 4 AND p.partdefid <> 0
    -- A partition that comes or goes takes part in the foreign keys of its parent, at both ends.
    UNION ALL SELECT CASE f.conrelid WHEN a.oid THEN f.confrelid ELSE f.conrelid END, CASE WHEN a.detaches AND f.confrelid = a.oid THEN 8 ELSE 6 END, true
      FROM asked a JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = a.oid
      JOIN pg_catalog.pg_constraint f ON f.contype = 'f' AND a.oid IN (f.conrelid, f.confrelid)
      WHERE a.with_default AND a.rank >= 4
  ), family(oid, rank, recurses) AS (
    SELECT oid, rank, recurses FROM reached
    UNION SELECT h.inhrelid, f.rank, true FROM family f JOIN pg_catalog.pg_inherits h ON h.inhparent = f.oid WHERE f.recurses
  )
  SELECT c.oid::regclass, m.mode
  FROM (SELECT oid, max(rank) AS rank FROM family GROUP BY oid) AS f
  JOIN modes m ON m.rank = f.rank
  JOIN pg_catalog.pg_class c ON c.oid = f.oid
  -- LOCK TABLE takes no others, and a view's lock would spread to all that it reads.
  WHERE c.relkind IN ('r', 'p')
    AND pg_catalog.has_table_privilege(c.oid, CASE m.rank WHEN 1 THEN 'SELECT, ' ELSE '' END || 'UPDATE, DELETE, TRUNCATE')
  ORDER BY c.oid
$f$;

CREATE OR REPLACE FUNCTION belay.take_locks(wanted jsonb, removes text[], wait_ms integer, budget_ms integer) RETURNS void
LANGUAGE plpgsql AS $f$
DECLARE
  wish record;
  began timestamptz := clock_timestamp();
  until timestamptz := began + wait_ms * interval '1 millisecond';
  late integer;
BEGIN
  FOR wish IN SELECT * FROM belay.locks_of(wanted, removes) LOOP
    -- Who was waited for may have dropped it, as one drops an old partition.
    CONTINUE WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = wish.relation);
    BEGIN
      IF wait_ms <= 0 THEN
        EXECUTE format('LOCK TABLE ONLY %s IN %s MODE NOWAIT', wish.relation, wish.mode);
      ELSE
        -- One limit for all: whoever waits behind the first lock must not wait for the last one too.
        PERFORM set_config('lock_timeout', greatest(1, ceil(extract(epoch FROM until - clock_timestamp()) * 1000))::text, true);
        EXECUTE format('LOCK TABLE ONLY %s IN %s MODE', wish.relation, wish.mode);
      END IF;
    EXCEPTION WHEN undefined_table OR invalid_schema_name THEN
      CONTINUE;
    END;
  END LOOP;
  -- Views, sequences and what this role may not lock have to wait for their statements: they share what is left of the budget.
  SELECT count(*) INTO late FROM pg_catalog.jsonb_to_recordset(wanted) AS w(relation text, mode text)
    JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(w.relation)
    WHERE w.mode IN ('SHARE', 'SHARE ROW EXCLUSIVE', 'EXCLUSIVE', 'ACCESS EXCLUSIVE') AND c.relkind NOT IN ('i', 'I')
      AND (c.relkind NOT IN ('r', 'p') OR NOT pg_catalog.has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE'));
  PERFORM set_config('lock_timeout', CASE late WHEN 0 THEN budget_ms
    ELSE greatest(least(budget_ms, 10), (budget_ms - extract(epoch FROM clock_timestamp() - began) * 1000)::integer / late) END::text, true);
END $f$;

-- What kind of vacuum a process is, where the server runs it by itself; else null.
CREATE OR REPLACE FUNCTION belay.autovacuum(process integer) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$${vacuumKind("process")}
$f$;

-- The tries of an artifact in bare psql: the same waits as Belay's own. Whom it would queue behind is looked up first.
CREATE OR REPLACE FUNCTION belay.try_locks(wanted jsonb, removes text[], tries integer, budget_ms integer) RETURNS void
LANGUAGE plpgsql AS $f$
DECLARE
  wait_ms integer := least(budget_ms, 25 * 2 ^ least(tries - 1, 10))::integer;
  deadlock_ms integer := (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'deadlock_timeout');
  oldest interval;
  vacuums boolean;
  others boolean;
BEGIN
  SELECT max(pg_catalog.clock_timestamp() - a.xact_start), coalesce(pg_catalog.bool_or(a.vacuums), false), coalesce(pg_catalog.bool_or(NOT a.vacuums), false)
    INTO oldest, vacuums, others
  FROM (SELECT DISTINCT s.pid, s.xact_start, belay.autovacuum(s.pid) IS NOT DISTINCT FROM 'autovacuum' AS vacuums
        FROM belay.locks_of(wanted, removes) w JOIN pg_catalog.pg_locks l ON l.locktype = 'relation' AND l.relation = w.relation
        JOIN pg_catalog.pg_stat_activity s ON s.pid = l.pid AND s.pid <> pg_catalog.pg_backend_pid()) AS a;
  IF tries = 0 THEN
    wait_ms := 0;
  ELSIF vacuums AND NOT others AND deadlock_ms <= 2000 THEN
    -- An autovacuum gives way only to who has waited for deadlock_timeout.
    wait_ms := CASE WHEN tries % 3 = 0 THEN deadlock_ms + 500 ELSE 0 END;
  ELSIF oldest > budget_ms * interval '1 millisecond' AND NOT (tries > 40 AND tries % 4 = 0) THEN
    wait_ms := 0;
  END IF;
  PERFORM belay.take_locks(wanted, removes, wait_ms, budget_ms);
END $f$;
`;
