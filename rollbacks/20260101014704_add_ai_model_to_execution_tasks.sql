-- Belay: the way back of AddAiModelToExecutionTasks (20260101014704_add_ai_model_to_execution_tasks).
-- Takes back the change with the digest 9c2a2ef812fa9abe6942957a03abc4b467ddad19e5abba0ecc417e3d476d423a.
--
--   psql -X -v ON_ERROR_STOP=1 -f rollbacks/20260101014704_add_ai_model_to_execution_tasks.sql "$DATABASE_URL"
--
-- It takes the change back and records that in the ledger. Where the change is not applied it refuses and touches nothing;
-- run a second time it says so and does nothing. Do not edit it: it is sealed. `belay build` makes it.
--
-- What it does:
--   ALTER TABLE execution_tasks DROP COLUMN ai_model
-- It loses nothing.
-- It needs the ledger (schema belay) of the target, nothing else of Belay, and the rights that the change was applied with.
-- How it was proven stands in rollbacks/20260101014704_add_ai_model_to_execution_tasks.json, under "evidence": what a rehearsal saw of these very bytes.

SET client_encoding = 'UTF8';
SET client_min_messages = notice;
SET application_name = 'belay/artifact/20260101014704';
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
    RAISE EXCEPTION 'Belay: % is not applied in database "%": Belay has no ledger there. Nothing was touched.', '20260101014704_add_ai_model_to_execution_tasks', current_database();
  END IF;
  PERFORM belay.begin_revert('20260101014704_add_ai_model_to_execution_tasks', '9c2a2ef812fa9abe6942957a03abc4b467ddad19e5abba0ecc417e3d476d423a', 1, false);
END
$belay$;

DO $belay$
DECLARE
  tries integer := 0;
  give_up_at timestamptz := clock_timestamp() + interval '300 seconds';
BEGIN
  IF NOT belay.todo('20260101014704_add_ai_model_to_execution_tasks', 0) THEN RETURN; END IF;
  LOOP
    BEGIN
      PERFORM belay.try_locks('[{"relation":"execution_tasks","mode":"ACCESS EXCLUSIVE","recurses":true,"withDefault":false,"detaches":false,"withReferencing":false}]', ARRAY['column execution_tasks.ai_model']::text[], tries, 200);
      IF NOT (belay.met('20260101014704_add_ai_model_to_execution_tasks', 'column execution_tasks.ai_model')) THEN
        EXECUTE 'SELECT belay.hide(''20260101014704_add_ai_model_to_execution_tasks'', ''down'', ''9c2a2ef812fa9abe6942957a03abc4b467ddad19e5abba0ecc417e3d476d423a'', ''ALTER TABLE execution_tasks DROP COLUMN ai_model'', ''[{"kind":"column","schema":null,"name":"ai_model","of":"execution_tasks","key":"column execution_tasks.ai_model"}]'')';
      END IF;
      EXIT;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      IF clock_timestamp() > give_up_at THEN RAISE; END IF;
      tries := tries + 1;
      PERFORM pg_sleep((0.5 + random()) * least(1, 0.05 * 2 ^ least(tries, 10)));
    END;
  END LOOP;
  PERFORM belay.end_section('20260101014704_add_ai_model_to_execution_tasks', 0, 1, '9c2a2ef812fa9abe6942957a03abc4b467ddad19e5abba0ecc417e3d476d423a');
END
$belay$;

DO $belay$
BEGIN
  IF current_setting('belay.reverting') <> '-' AND to_regproc('belay.settle') IS NOT NULL THEN CALL belay.settle('20260101014704_add_ai_model_to_execution_tasks'); END IF;
END
$belay$;

DO $belay$
BEGIN PERFORM pg_advisory_unlock_all(); END
$belay$;

SET application_name TO DEFAULT;

