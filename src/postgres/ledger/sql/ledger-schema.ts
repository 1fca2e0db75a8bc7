/** The version of what stands below; it grows when the ledger's tables or functions change. */
export const ledgerVersion = 1;

/** The key of the advisory lock that makes one operator at a time: the bytes of "belay". */
export const operatorLockKey = 0x62_65_6c_61_79;

/**
 * The ledger in a target: the schema `belay`. Its functions are what both Belay and an artifact that runs in bare psql call, so that
 * the two cannot disagree. Every statement can run again over itself.
 */
export const ledgerSchema = `
CREATE SCHEMA IF NOT EXISTS belay;
CREATE SCHEMA IF NOT EXISTS belay_kept;
COMMENT ON SCHEMA belay IS 'Belay: the ledger of what is applied here. Read belay.applied; never write here by hand.';
COMMENT ON SCHEMA belay_kept IS 'Belay: what a change dropped, kept for the way back.';

CREATE TABLE IF NOT EXISTS belay.journal (
  seq      bigint PRIMARY KEY,
  at       timestamptz NOT NULL,
  kind     text NOT NULL,
  rollout  text,
  change   text,
  actor    text NOT NULL,
  body     jsonb NOT NULL,
  previous text NOT NULL,
  hash     text NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS journal_change_idx ON belay.journal (change, seq);
CREATE INDEX IF NOT EXISTS journal_rollout_idx ON belay.journal (rollout, seq);

CREATE TABLE IF NOT EXISTS belay.head (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  seq  bigint NOT NULL,
  hash text NOT NULL
);
INSERT INTO belay.head (seq, hash) VALUES (0, '') ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS belay.snapshot (
  fingerprint text PRIMARY KEY,
  body        jsonb NOT NULL
);

CREATE OR REPLACE FUNCTION belay.version() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT ${ledgerVersion}';

CREATE OR REPLACE FUNCTION belay.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
  RAISE EXCEPTION 'belay.% is append-only', TG_TABLE_NAME USING ERRCODE = 'BE001';
END $f$;
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON belay.journal
  FOR EACH STATEMENT EXECUTE FUNCTION belay.refuse_rewriting();

CREATE OR REPLACE FUNCTION belay.append(kind text, rollout text, change text, actor text, body jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
DECLARE
  last belay.head;
  now_at timestamptz;
  next_hash text;
BEGIN
  SELECT * INTO STRICT last FROM belay.head FOR UPDATE;
  now_at := clock_timestamp();
  next_hash := encode(sha256(convert_to(concat_ws(E'\\n', last.hash, last.seq + 1,
    to_char(now_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    append.kind, coalesce(append.rollout, ''), coalesce(append.change, ''), append.actor, append.body::text), 'UTF8')), 'hex');
  INSERT INTO belay.journal VALUES
    (last.seq + 1, now_at, append.kind, append.rollout, append.change, append.actor, append.body, last.hash, next_hash);
  UPDATE belay.head SET seq = last.seq + 1, hash = next_hash;
  RETURN last.seq + 1;
END $f$;

CREATE OR REPLACE VIEW belay.applied AS
  SELECT j.change AS id, j.body ->> 'title' AS title, j.at AS applied_at, j.actor AS applied_by, j.rollout, j.body ->> 'digest' AS digest
  FROM belay.journal j
  WHERE j.kind = 'applied'
    AND NOT EXISTS (SELECT FROM belay.journal later
                    WHERE later.change = j.change AND later.seq > j.seq AND later.kind IN ('applied', 'reverted'))
  ORDER BY j.seq;
COMMENT ON VIEW belay.applied IS 'The changes that are live in this database, in the order in which they were applied.';

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

CREATE OR REPLACE FUNCTION belay.begin_revert(change text, digest text, sections integer, bracketed boolean) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
DECLARE
  last belay.journal;
  holder text;
  dependents text;
BEGIN
  PERFORM set_config('belay.reverting', '', false);
  IF NOT pg_try_advisory_lock(${operatorLockKey}) THEN
    SELECT format('process %s, %s, since %s', a.pid, a.application_name, a.backend_start) INTO holder
      FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND (l.classid::bigint << 32 | l.objid::bigint) = ${operatorLockKey} LIMIT 1;
    RAISE EXCEPTION 'Belay: somebody else is at work in this database (%).', holder
      USING ERRCODE = 'BE002', HINT = 'Wait until that has ended, or end it, and run this again.';
  END IF;
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
    RAISE NOTICE 'Belay: % is taken back, and the ledger says so.', change;
  END IF;
END $f$;

CREATE OR REPLACE FUNCTION belay.key_of(relation regclass) RETURNS name[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT array_agg(a.attname ORDER BY k.ord)
  FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord), pg_attribute a
  WHERE i.indrelid = relation AND i.indisprimary AND a.attrelid = relation AND a.attnum = k.attnum
$f$;

CREATE OR REPLACE FUNCTION belay.keep(change text, relation regclass, wanted name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog SET row_security = off AS $f$
DECLARE
  columns text := '*';
  condition text := '';
  kept_name text;
  kept_rows bigint;
  key name[] := belay.key_of(relation);
BEGIN
  IF relation IS NULL OR NOT (SELECT relkind IN ('r', 'p') FROM pg_class WHERE oid = relation) THEN RETURN; END IF;
  IF wanted IS NOT NULL THEN
    PERFORM FROM pg_attribute WHERE attrelid = relation AND attname = wanted AND NOT attisdropped AND attgenerated = '';
    IF NOT FOUND THEN RETURN; END IF;
    condition := format(' WHERE %I IS NOT NULL', wanted);
    IF key IS NOT NULL THEN
      SELECT string_agg(quote_ident(c), ', ') INTO columns FROM (SELECT unnest(key) UNION SELECT wanted) AS x(c);
    END IF;
  END IF;
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', relation);
  EXECUTE format('SELECT count(*) FROM %s%s', relation, condition) INTO kept_rows;
  IF kept_rows = 0 THEN RETURN; END IF;
  SELECT left(format('%s_%s%s', h.seq + 1, c.relname, coalesce('_' || wanted, '')), 48) INTO kept_name
    FROM belay.head h, pg_class c WHERE c.oid = relation;
  EXECUTE format('CREATE TABLE belay_kept.%I AS SELECT %s FROM %s%s', kept_name, columns, relation, condition);
  PERFORM belay.append('kept', NULL, change, belay.operator(), jsonb_build_object(
    'table', (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation),
    'column', wanted, 'keptAs', kept_name, 'rows', kept_rows, 'key', key));
END $f$;

CREATE OR REPLACE FUNCTION belay.restore(change text, relation regclass, wanted name, strict boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog SET row_security = off AS $f$
DECLARE
  kept belay.journal;
  matching text;
  columns text;
  assignments text;
  restored bigint;
  updated bigint := 0;
  quiet pg_trigger[];
  silenced pg_trigger;
  key name[] := belay.key_of(relation);
  generator record;
BEGIN
  SELECT j.* INTO kept FROM belay.journal j, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = relation AND j.change = restore.change AND j.kind = 'kept'
      AND j.body ->> 'table' = format('%I.%I', n.nspname, c.relname) AND j.body ->> 'column' IS NOT DISTINCT FROM wanted::text
      AND to_regclass(format('belay_kept.%I', j.body ->> 'keptAs')) IS NOT NULL
      AND NOT EXISTS (SELECT FROM belay.journal r WHERE r.kind = 'restored' AND r.change = j.change AND r.body ->> 'keptAs' = j.body ->> 'keptAs')
    ORDER BY j.seq DESC LIMIT 1;
  IF kept.seq IS NULL THEN RETURN; END IF;
  -- What is put back was there before: no trigger of the application is to see it as news.
  SELECT array_agg(t ORDER BY t.tgname) INTO quiet FROM pg_trigger t WHERE t.tgrelid = relation AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A');
  FOREACH silenced IN ARRAY coalesce(quiet, '{}') LOOP
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', relation, silenced.tgname);
  END LOOP;
  IF wanted IS NOT NULL THEN
    SELECT string_agg(format('t.%1$I = k.%1$I', c), ' AND ') INTO matching
      FROM jsonb_array_elements_text(CASE jsonb_typeof(kept.body -> 'key') WHEN 'array' THEN kept.body -> 'key' ELSE '[]' END) AS x(c);
    IF matching IS NULL AND strict THEN
      RAISE EXCEPTION 'Belay: the values of % cannot be put back into %: it has no primary key to find their rows by.', wanted, relation
        USING ERRCODE = 'BE007', HINT = format('They are kept in belay_kept.%I.', kept.body ->> 'keptAs');
    ELSIF matching IS NULL THEN
      RETURN;
    END IF;
    EXECUTE format('UPDATE %1$s t SET %2$I = k.%2$I FROM belay_kept.%3$I k WHERE %4$s AND t.%2$I::text IS DISTINCT FROM k.%2$I::text',
      relation, wanted, kept.body ->> 'keptAs', matching);
  ELSE
    SELECT string_agg(quote_ident(a.attname), ', ') INTO columns
      FROM pg_attribute a JOIN pg_attribute k ON k.attname = a.attname AND k.attnum > 0 AND NOT k.attisdropped
        AND k.attrelid = to_regclass(format('belay_kept.%I', kept.body ->> 'keptAs'))
      WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';
    -- Rows that the change brings along are there again: what people made of them since goes before them.
    SELECT string_agg(format('%1$I = k.%1$I', a.attname), ', ') INTO assignments
      FROM pg_attribute a JOIN pg_attribute k ON k.attname = a.attname AND k.attnum > 0 AND NOT k.attisdropped
        AND k.attrelid = to_regclass(format('belay_kept.%I', kept.body ->> 'keptAs'))
      WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a'
        AND NOT a.attname = ANY (coalesce(key, '{}'));
    IF key IS NOT NULL AND assignments IS NOT NULL THEN
      SELECT string_agg(format('t.%1$I = k.%1$I', c), ' AND ') INTO matching FROM unnest(key) AS x(c);
      EXECUTE format('UPDATE %1$s t SET %2$s FROM belay_kept.%3$I k WHERE %4$s', relation, assignments, kept.body ->> 'keptAs', matching);
      GET DIAGNOSTICS updated = ROW_COUNT;
    END IF;
    EXECUTE format('INSERT INTO %1$s (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM belay_kept.%3$I ON CONFLICT DO NOTHING',
      relation, columns, kept.body ->> 'keptAs');
  END IF;
  GET DIAGNOSTICS restored = ROW_COUNT;
  restored := restored + updated;
  FOREACH silenced IN ARRAY coalesce(quiet, '{}') LOOP
    EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', relation, CASE silenced.tgenabled WHEN 'A' THEN 'ALWAYS' ELSE '' END, silenced.tgname);
  END LOOP;
  IF strict AND wanted IS NULL AND restored < (kept.body ->> 'rows')::bigint THEN
    RAISE EXCEPTION 'Belay: only % of % rows could be put back into %.', restored, kept.body ->> 'rows', relation
      USING ERRCODE = 'BE008', HINT = format('They are kept in belay_kept.%I.', kept.body ->> 'keptAs');
  END IF;
  FOR generator IN SELECT pg_get_serial_sequence(relation::text, a.attname) AS sequence, a.attname FROM pg_attribute a
    WHERE wanted IS NULL AND a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
      AND pg_get_serial_sequence(relation::text, a.attname) IS NOT NULL
  LOOP
    EXECUTE format('SELECT setval(%1$L, greatest((SELECT max(%2$I) FROM %3$s), (SELECT last_value FROM %1$s))::bigint) WHERE EXISTS (SELECT FROM %3$s)',
      generator.sequence, generator.attname, relation);
  END LOOP;
  PERFORM belay.append('restored', NULL, change, belay.operator(), jsonb_build_object('keptAs', kept.body ->> 'keptAs', 'rows', restored));
END $f$;
`;
