-- Belay: the way back of CreateExecutionTasks (20251201090000_create_execution_tasks).
-- Takes back the change with the digest 4f33a874ac4d4c4064904ebb8626733f3c7a73725891ebde3f01ed428d972fb2.
--
--   psql -X -v ON_ERROR_STOP=1 -f rollbacks/20251201090000_create_execution_tasks.sql "$DATABASE_URL"
--
-- It takes the change back and records that in the ledger. Where the change is not applied it refuses and touches nothing;
-- run a second time it says so and does nothing. Do not edit it: it is sealed. `belay build` makes it.
--
-- What it does:
--   drop table "task_errors"
--   drop table "execution_tasks"
-- It loses nothing.
-- It needs the ledger (schema belay) of the target, nothing else of Belay, and the rights that the change was applied with.
-- How it was proven stands in rollbacks/20251201090000_create_execution_tasks.json, under "evidence": what a rehearsal saw of these very bytes.

SET client_encoding = 'UTF8';
SET client_min_messages = notice;
SET application_name = 'belay/artifact/20251201090000';
SET search_path = public;
SET TimeZone = 'UTC';
SET synchronous_commit = on;
SET statement_timeout = 0;
SET default_transaction_isolation = 'read committed';
SET default_transaction_deferrable = off;
SET row_security = on;
SET DateStyle = 'ISO, MDY';
SET IntervalStyle = postgres;
SET standard_conforming_strings = on;
SET check_function_bodies = on;
SET quote_all_identifiers = off;
SET lock_timeout = '200ms';
SET belay.reverting = '-';
DO $belay$
BEGIN PERFORM set_config(name, '0', false) FROM unnest(ARRAY['idle_session_timeout', 'transaction_timeout']) AS name WHERE current_setting(name, true) IS NOT NULL; END
$belay$;

DO $belay$
BEGIN
  IF to_regclass('belay.journal') IS NULL THEN
    RAISE EXCEPTION 'Belay: % is not applied in database "%": Belay has no ledger there. Nothing was touched.', '20251201090000_create_execution_tasks', current_database();
  END IF;
  PERFORM belay.begin_revert('20251201090000_create_execution_tasks', '4f33a874ac4d4c4064904ebb8626733f3c7a73725891ebde3f01ed428d972fb2', 1, false);
END
$belay$;

DO $belay$
DECLARE
  tries integer := 0;
  give_up_at timestamptz := clock_timestamp() + interval '300 seconds';
BEGIN
  IF NOT belay.todo('20251201090000_create_execution_tasks', 0) THEN RETURN; END IF;
  LOOP
    BEGIN
      PERFORM belay.try_locks('[{"relation":"task_errors","mode":"ACCESS EXCLUSIVE","recurses":true,"withDefault":false,"detaches":false,"withReferencing":false},{"relation":"execution_tasks","mode":"ACCESS EXCLUSIVE","recurses":true,"withDefault":false,"detaches":false,"withReferencing":false}]', ARRAY['table task_errors', 'table execution_tasks']::text[], tries, 200);
      IF NOT (belay.met('20251201090000_create_execution_tasks', 'table task_errors')) THEN
        EXECUTE 'SELECT belay.hide(''20251201090000_create_execution_tasks'', ''down'', ''4f33a874ac4d4c4064904ebb8626733f3c7a73725891ebde3f01ed428d972fb2'', ''drop table "task_errors"'', ''[{"kind":"table","schema":null,"name":"task_errors","of":null,"key":"table task_errors"}]'')';
      END IF;
      IF NOT (belay.met('20251201090000_create_execution_tasks', 'table execution_tasks')) THEN
        EXECUTE 'SELECT belay.hide(''20251201090000_create_execution_tasks'', ''down'', ''4f33a874ac4d4c4064904ebb8626733f3c7a73725891ebde3f01ed428d972fb2'', ''drop table "execution_tasks"'', ''[{"kind":"table","schema":null,"name":"execution_tasks","of":null,"key":"table execution_tasks"}]'')';
      END IF;
      EXIT;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      IF clock_timestamp() > give_up_at THEN RAISE; END IF;
      tries := tries + 1;
      PERFORM pg_sleep((0.5 + random()) * least(1, 0.05 * 2 ^ least(tries, 10)));
    END;
  END LOOP;
  PERFORM belay.end_section('20251201090000_create_execution_tasks', 0, 1, '4f33a874ac4d4c4064904ebb8626733f3c7a73725891ebde3f01ed428d972fb2');
END
$belay$;

DO $belay$
BEGIN PERFORM pg_advisory_unlock_all(); END
$belay$;

SET application_name TO DEFAULT;

