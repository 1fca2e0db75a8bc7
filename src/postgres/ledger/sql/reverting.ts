import { operatorLockKey } from "./operator-lock-key.js";

/** What an artifact asks of the ledger when it runs in bare psql. */
export const reverting = `
CREATE OR REPLACE FUNCTION belay.met(change text, object text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT coalesce((SELECT j.body -> 'met' ? object FROM belay.journal j
                   WHERE j.change = met.change AND j.kind = 'applied' ORDER BY j.seq DESC LIMIT 1), false)
$f$;

CREATE OR REPLACE FUNCTION belay.todo(change text, section integer) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $f$
DECLARE
  last belay.journal;
BEGIN
  -- Without the guard's word nothing runs: a client may go on after the guard has refused.
  IF current_setting('belay.reverting', true) IS DISTINCT FROM todo.change THEN
    RETURN false;
  END IF;
  SELECT * INTO last FROM belay.journal j
    WHERE j.change = todo.change AND j.kind IN ('applied', 'reverted', 'change-started') ORDER BY j.seq DESC LIMIT 1;
  RETURN CASE last.kind
    WHEN 'applied' THEN todo.section = 0
    WHEN 'change-started' THEN last.body ->> 'direction' = 'down' AND NOT last.body ? 'untouched' AND todo.section =
      (SELECT count(*) FROM belay.journal j WHERE j.change = todo.change AND j.kind = 'section-done' AND j.seq > last.seq)
    ELSE false END;
END $f$;

CREATE OR REPLACE FUNCTION belay.operator() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT coalesce(nullif(current_setting('belay.actor', true), ''), session_user || ' by psql')
$f$;

CREATE OR REPLACE FUNCTION belay.identity() RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $f$
DECLARE
  system_identifier text;
BEGIN
  BEGIN
    SELECT c.system_identifier::text INTO system_identifier FROM pg_control_system() c;
  EXCEPTION WHEN insufficient_privilege THEN
    system_identifier := NULL;
  END;
  RETURN jsonb_build_object('systemIdentifier', system_identifier, 'database', current_database()::text);
END $f$;

-- A ledger is copied along with its database: what it says is applied was applied in the one that it knows.
CREATE OR REPLACE FUNCTION belay.admit_revert() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
DECLARE
  bound belay.journal;
  known jsonb;
  here jsonb := belay.identity();
BEGIN
  SELECT * INTO bound FROM belay.journal j
    WHERE j.kind IN ('target-started', 'copy-accepted') AND j.body ? 'identity' ORDER BY j.seq DESC LIMIT 1;
  known := bound.body -> 'identity';
  IF known IS NULL OR known ->> 'database' = here ->> 'database'
    AND coalesce(known ->> 'systemIdentifier' = here ->> 'systemIdentifier', true) THEN
    RETURN;
  ELSIF lower(current_setting('belay.accept_copy', true)) IN ('on', 'true', 'yes', '1') THEN
    PERFORM belay.append('copy-accepted', NULL, NULL, belay.operator(), jsonb_build_object('from', known, 'identity', here));
    RETURN;
  END IF;
  RAISE EXCEPTION 'Belay: the ledger is that of database % of system %, last at %, but this is database % of system %: a copy, or the same under a new name. Nothing was touched.',
      known ->> 'database', coalesce(known ->> 'systemIdentifier', '(not readable)'), bound.at,
      here ->> 'database', coalesce(here ->> 'systemIdentifier', '(not readable)')
    USING ERRCODE = 'BE010', HINT = 'If it is to be taken back here (restored from a backup, moved, renamed), say so before the file: '
      'SET belay.accept_copy = on; or PGOPTIONS="-c belay.accept_copy=on" psql ... The ledger then knows this database as its own.';
END $f$;

CREATE OR REPLACE FUNCTION belay.begin_revert(change text, digest text, sections integer, bracketed boolean) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
DECLARE
  last belay.journal;
  holder text;
  dependents text;
BEGIN
  PERFORM set_config('belay.reverting', '', false);
  IF NOT pg_try_advisory_lock(${operatorLockKey}) THEN
    -- A role without pg_read_all_stats is not told since when another one's session is there.
    SELECT format('process %s of %s, %s, since %s', a.pid, a.usename, a.application_name,
        coalesce(a.backend_start, (SELECT h.since FROM belay.head h))) INTO holder
      FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND (l.classid::bigint << 32 | l.objid::bigint) = ${operatorLockKey}
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1;
    RAISE EXCEPTION 'Belay: somebody else is at work in this database (%).', holder
      USING ERRCODE = 'BE002', HINT = 'Wait until that has ended, or end it, and run this again.';
  END IF;
  PERFORM belay.take_over(belay.operator());
  PERFORM belay.admit_revert();
  SELECT * INTO last FROM belay.journal j
    WHERE j.change = begin_revert.change AND j.kind IN ('applied', 'reverted', 'change-started') ORDER BY j.seq DESC LIMIT 1;
  IF last.kind IS NULL THEN
    RAISE EXCEPTION 'Belay: % is not applied in database "%". Nothing was touched.', change, current_database()
      USING ERRCODE = 'BE003', HINT = 'SELECT * FROM belay.applied; shows what is.';
  ELSIF last.kind = 'reverted' THEN
    RAISE NOTICE 'Belay: % was already taken back at % by %. Nothing to do.', change, last.at, last.actor;
    RETURN 'already';
  ELSIF last.kind = 'change-started' AND (last.body ->> 'direction' = 'up' OR last.body ? 'untouched') THEN
    RAISE EXCEPTION 'Belay: % was cut off half-way up in database "%". Nothing was touched.', change, current_database()
      USING ERRCODE = 'BE004', HINT = 'Run "belay rollout" to finish it or "belay abort" to take it back.';
  ELSIF last.kind = 'change-started' THEN
    RAISE NOTICE 'Belay: % goes on where it was cut off.', change;
    PERFORM set_config('belay.reverting', change, false);
    RETURN 'resumed';
  ELSIF last.body ->> 'digest' <> digest THEN
    RAISE EXCEPTION 'Belay: % was applied as %, but this file takes back %. Nothing was touched.', change, last.body ->> 'digest', digest
      USING ERRCODE = 'BE005', HINT = 'Use "belay revert": it works from the ledger.';
  END IF;
  SELECT string_agg(a.id, ', ') INTO dependents FROM belay.applied a
    JOIN LATERAL (SELECT j.body FROM belay.journal j WHERE j.change = a.id AND j.kind = 'applied' ORDER BY j.seq DESC LIMIT 1) j ON true
    WHERE j.body -> 'requires' ? begin_revert.change;
  IF dependents IS NOT NULL THEN
    RAISE EXCEPTION 'Belay: % is required by %, which is applied. Nothing was touched.', change, dependents
      USING ERRCODE = 'BE006', HINT = 'Take that back first.';
  END IF;
  IF bracketed THEN
    PERFORM belay.append('change-started', NULL, change, belay.operator(), jsonb_build_object(
      'direction', 'down', 'digest', digest, 'sections', sections, 'before', NULL));
  END IF;
  PERFORM set_config('belay.reverting', change, false);
  RETURN 'started';
END $f$;

CREATE OR REPLACE FUNCTION belay.end_section(change text, section integer, sections integer, digest text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
BEGIN
  IF NOT belay.todo(change, section) THEN
    RETURN;
  ELSIF section < sections - 1 THEN
    PERFORM belay.append('section-done', NULL, change, belay.operator(), jsonb_build_object('direction', 'down', 'section', section));
  ELSE
    PERFORM belay.append('reverted', NULL, change, belay.operator(), jsonb_build_object('digest', digest, 'reason', 'artifact run by hand'));
    IF transaction_timestamp() < statement_timestamp() THEN
      RAISE WARNING 'Belay: % is taken back as soon as this transaction of yours is committed, and not before: COMMIT it.', change;
    ELSE
      RAISE NOTICE 'Belay: % is taken back, and the ledger says so.', change;
    END IF;
  END IF;
END $f$;
`;
