import { firstBatch } from "../../../../plan/batch-size.js";

/** A column that a way back hid, in a table that stays, is to be gone: its values move to a table of their own first. And what is kept for too long goes. */
export const settle = `
-- The columns that ways back hid, with how they can be settled; "key" is null where their table has none.
CREATE OR REPLACE FUNCTION belay.unsettled() RETURNS TABLE (kept bigint, change text, relation text, attribute text, called text, key name[], into_name name)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT j.seq, j.change, p ->> 'table', p ->> 'keptAs', p ->> 'column', belay.key_of((p ->> 'table')::regclass), (p ->> 'keptAs')::name
  FROM belay.journal j, jsonb_array_elements(j.body -> 'parts') AS p
  WHERE j.kind = 'kept' AND j.body ->> 'how' = 'hidden' AND j.body ->> 'direction' = 'down' AND p ->> 'column' IS NOT NULL AND to_regclass(p ->> 'table') IS NOT NULL
    AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(p ->> 'table') AND a.attname = p ->> 'keptAs' AND NOT a.attisdropped)
    AND NOT EXISTS (SELECT FROM belay.journal l WHERE l.change = j.change AND l.kind IN ('restored', 'settled', 'purged', 'kept') AND l.seq > j.seq AND (l.body ->> 'kept')::bigint = j.seq)
    AND NOT EXISTS (SELECT FROM belay.journal l WHERE l.kind = 'settled' AND l.body ->> 'keptAs' = p ->> 'keptAs')
  ORDER BY j.seq
$f$;

-- Copies the next values, in the order of the key from the last one on, without a lock that anybody feels: nobody writes to a hidden column. Gives how many.
CREATE OR REPLACE FUNCTION belay.settle_batch(relation text, attribute name, called name, key name[], into_name name, size integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog SET row_security = off SET datestyle = 'ISO, YMD' SET intervalstyle = 'iso_8601' SET timezone = 'UTC' SET extra_float_digits = 1 AS $f$
DECLARE
  columns text := (SELECT string_agg(quote_ident(k), ', ' ORDER BY o) FROM unnest(key) WITH ORDINALITY AS x(k, o));
  descending text := (SELECT string_agg(quote_ident(k) || ' DESC', ', ' ORDER BY o) FROM unnest(key) WITH ORDINALITY AS x(k, o));
  last text[];
  beyond text := '';
  copied bigint;
BEGIN
  IF to_regclass(format('belay_kept.%I', into_name)) IS NULL THEN
    EXECUTE format('CREATE TABLE belay_kept.%I AS SELECT %s, %I AS %I FROM %s WITH NO DATA', into_name, columns, attribute, called, relation);
    EXECUTE format('ALTER TABLE belay_kept.%I ADD PRIMARY KEY (%s)', into_name, columns);
  END IF;
  EXECUTE format('SELECT ARRAY[%s] FROM belay_kept.%I ORDER BY %s LIMIT 1', (SELECT string_agg(format('format(''%%s'', %I)', k), ', ' ORDER BY o) FROM unnest(key) WITH ORDINALITY AS x(k, o)), into_name, descending) INTO last;
  IF last IS NOT NULL THEN
    beyond := format(' AND (%s) > (%s)', columns, (SELECT string_agg(format('%L::%s', v, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY o)
      FROM unnest(last, key) WITH ORDINALITY AS x(v, k, o) JOIN pg_attribute a ON a.attrelid = relation::regclass AND a.attname = k));
  END IF;
  EXECUTE format('INSERT INTO belay_kept.%I SELECT %s, %I FROM %s WHERE %s%s ORDER BY %s LIMIT %s', into_name, columns, attribute, relation, belay.rows_to_keep(relation::regclass, attribute), beyond, columns, size);
  GET DIAGNOSTICS copied = ROW_COUNT;
  RETURN copied;
END $f$;

-- Drops the hidden column when all its values are copied, those of rows too whose key was changed meanwhile. Its table is locked from here on.
CREATE OR REPLACE FUNCTION belay.settle_end(kept bigint, change text, relation text, attribute name, called name, key name[], into_name name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog SET row_security = off AS $f$
DECLARE
  columns text := (SELECT string_agg(quote_ident(k), ', ' ORDER BY o) FROM unnest(key) WITH ORDINALITY AS x(k, o));
  settled bigint;
  sequence bigint := belay.place_of_sequence(relation, attribute);
BEGIN
  EXECUTE format('INSERT INTO belay_kept.%1$I SELECT %2$s, %3$I FROM %4$s t WHERE %6$s AND NOT EXISTS (SELECT FROM belay_kept.%1$I k WHERE %5$s)', into_name, columns, attribute, relation,
    (SELECT string_agg(format('k.%1$I = t.%1$I', k), ' AND ') FROM unnest(key) AS x(k)), belay.rows_to_keep(relation::regclass, attribute));
  EXECUTE format('ALTER TABLE %s DROP COLUMN %I', relation, attribute);
  EXECUTE format('SELECT count(*) FROM belay_kept.%I', into_name) INTO settled;
  PERFORM belay.append('settled', NULL, change, belay.operator(), jsonb_build_object('kept', kept, 'table', relation, 'column', called, 'keptAs', into_name, 'rows', settled, 'key', key, 'sequence', sequence));
END $f$;

-- Settles what ways back of a change (null: of any) have hidden, batch after batch, each in a transaction of its own; what was cut off goes on. Where it cannot have
-- its lock, or stands within somebody's transaction, the column stays hidden until it is called again.
CREATE OR REPLACE PROCEDURE belay.settle(wanted text, patience interval DEFAULT interval '5 minutes')
LANGUAGE plpgsql AS $f$
DECLARE
  one record;
  copied bigint;
  size integer;
  started timestamptz;
  give_up_at timestamptz;
  is_done boolean;
BEGIN
  IF pg_catalog.pg_current_xact_id_if_assigned() IS NOT NULL OR to_regclass('belay.journal') IS NULL THEN
    RETURN;
  END IF;
  FOR one IN SELECT u.* FROM belay.unsettled() AS u WHERE coalesce(u.change = wanted, true) LOOP
    IF one.key IS NULL THEN
      RAISE NOTICE 'Belay: % stays hidden in % as %: without a primary key its values could not be put back from elsewhere.', one.called, one.relation, one.attribute;
      CONTINUE;
    END IF;
    size := ${firstBatch};
    LOOP
      started := clock_timestamp();
      copied := belay.settle_batch(one.relation, one.attribute, one.called, one.key, one.into_name, size);
      COMMIT;
      EXIT WHEN copied = 0;
      size := belay.next_batch_size(size, extract(epoch FROM clock_timestamp() - started)::float8 * 1000, NULL);
    END LOOP;
    give_up_at := clock_timestamp() + patience;
    LOOP
      BEGIN
        PERFORM belay.settle_end(one.kept, one.change, one.relation, one.attribute, one.called, one.key, one.into_name);
        is_done := true;
      EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
        is_done := false;
      END;
      COMMIT;
      EXIT WHEN is_done;
      IF clock_timestamp() > give_up_at THEN
        RAISE NOTICE 'Belay: % stays hidden in % as %: somebody holds a lock on it. The next command settles it.', one.called, one.relation, one.attribute;
        EXIT;
      END IF;
      PERFORM pg_sleep(0.1 + random() * 0.4);
    END LOOP;
  END LOOP;
END $f$;

-- What is kept: by whom, since when, where, and how much of the disk it holds.
CREATE OR REPLACE FUNCTION belay.kept_now() RETURNS TABLE (seq bigint, at timestamptz, change text, direction text, how text, objects jsonb, purge jsonb, parts jsonb)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT j.seq, j.at, j.change, coalesce(j.body ->> 'direction', 'down'), CASE WHEN j.kind = 'settled' THEN 'settled' ELSE coalesce(j.body ->> 'how', 'copied') END,
    coalesce(j.body -> 'objects', jsonb_build_array(concat(CASE WHEN j.body ->> 'column' IS NULL THEN 'table ' ELSE 'column ' END, j.body ->> 'table', '.' || (j.body ->> 'column')))),
    coalesce(j.body -> 'purge', jsonb_build_array(format('DROP TABLE belay_kept.%I', j.body ->> 'keptAs'))),
    (SELECT jsonb_agg(p || jsonb_build_object(
        'rows', coalesce(p -> 'rows', (SELECT to_jsonb(greatest(c.reltuples, 0)::bigint) FROM pg_class c WHERE c.oid = x.place)),
        'isEstimate', p -> 'rows' IS NULL,
        'bytes', CASE WHEN p ? 'isHidden' AND p ->> 'column' IS NOT NULL THEN NULL ELSE pg_total_relation_size(x.place) END))
     FROM jsonb_array_elements(coalesce(j.body -> 'parts', jsonb_build_array(j.body - 'key'))) AS p
     CROSS JOIN LATERAL (SELECT to_regclass(CASE WHEN p ? 'isHidden' AND p ->> 'column' IS NOT NULL THEN p ->> 'table' ELSE format('belay_kept.%I', p ->> 'keptAs') END) AS place) AS x)
  FROM belay.journal j WHERE j.kind IN ('kept', 'settled')
    AND NOT EXISTS (SELECT FROM belay.journal l WHERE l.change = j.change AND l.seq > j.seq AND l.kind IN ('restored', 'settled', 'purged', 'kept')
      AND ((l.body ->> 'kept')::bigint = j.seq OR j.body ->> 'how' IS NULL AND l.body ->> 'keptAs' = j.body ->> 'keptAs'))
  ORDER BY j.seq
$f$;

-- Drops what is kept under this entry for good. What others have come to use meanwhile is refused.
CREATE OR REPLACE FUNCTION belay.purge(kept bigint, actor text, claimed bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
DECLARE
  found record;
  left_over text[];
  again text[];
  sql text;
  message text;
BEGIN
  SELECT * INTO STRICT found FROM belay.kept_now() AS k WHERE k.seq = kept;
  left_over := ARRAY(SELECT jsonb_array_elements_text(found.purge));
  -- Some are used by others of them: round by round, until nothing more goes.
  WHILE cardinality(left_over) > 0 LOOP
    again := '{}';
    FOREACH sql IN ARRAY left_over LOOP
      BEGIN
        EXECUTE sql;
      EXCEPTION WHEN dependent_objects_still_exist THEN
        again := again || sql;
        message := SQLERRM;
      END;
    END LOOP;
    IF cardinality(again) = cardinality(left_over) THEN
      RAISE EXCEPTION 'Belay: something uses what is kept: %', message USING ERRCODE = 'BE031', HINT = 'Drop that first.';
    END IF;
    left_over := again;
  END LOOP;
  PERFORM belay.append('purged', NULL, found.change, actor, jsonb_build_object('kept', kept, 'objects', found.objects, 'parts', found.parts), claimed);
END $f$;
`;
