-- Belay: the way back of idx_ai_model (20260101014705_idx_ai_model).
-- Takes back the change with the digest 8d8ef202045300f557ab46465ef2f29fbc502d4057bde3a06281882020a65cdc.
--
--   psql -X -v ON_ERROR_STOP=1 -f rollbacks/20260101014705_idx_ai_model.sql "$DATABASE_URL"
--
-- It takes the change back and records that in the ledger. Where the change is not applied it refuses and touches nothing;
-- run a second time it says so and does nothing. Do not edit it: it is sealed. `belay build` makes it.
--
-- What it does:
--   DROP INDEX CONCURRENTLY idx_ai_model
-- It loses nothing.
-- It needs the ledger (schema belay) of the target, nothing else of Belay, and the rights that the change was applied with.
-- How it was proven stands in rollbacks/20260101014705_idx_ai_model.json, under "evidence": what a rehearsal saw of these very bytes.

SET client_encoding = 'UTF8';
SET client_min_messages = notice;
SET application_name = 'belay/artifact/20260101014705';
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
    RAISE EXCEPTION 'Belay: % is not applied in database "%": Belay has no ledger there. Nothing was touched.', '20260101014705_idx_ai_model', current_database();
  END IF;
  PERFORM belay.begin_revert('20260101014705_idx_ai_model', '8d8ef202045300f557ab46465ef2f29fbc502d4057bde3a06281882020a65cdc', 1, true);
END
$belay$;

SET lock_timeout = 0;
DO $belay$
BEGIN PERFORM set_config('search_path', CASE WHEN belay.todo('20260101014705_idx_ai_model', 0) AND NOT belay.met('20260101014705_idx_ai_model', 'index idx_ai_model') THEN 'public' ELSE 'belay_nowhere' END, false); END
$belay$;
DROP INDEX CONCURRENTLY IF EXISTS idx_ai_model;
SET search_path = public;
SET lock_timeout = '200ms';
DO $belay$
BEGIN
  PERFORM belay.end_section('20260101014705_idx_ai_model', 0, 1, '8d8ef202045300f557ab46465ef2f29fbc502d4057bde3a06281882020a65cdc');
END
$belay$;

DO $belay$
BEGIN PERFORM pg_advisory_unlock_all(); END
$belay$;

SET application_name TO DEFAULT;

