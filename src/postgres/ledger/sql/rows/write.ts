import { referring } from "./not-kept.js";

/** Statements that write rows, run so that what they find there is kept in the same transaction. */
export const write = `
-- Runs an author's statement over rows, and keeps what it found there. It sets nothing: the statement runs under the session's own settings.
CREATE OR REPLACE FUNCTION belay.write(change text, direction text, digest text, place integer, writing jsonb) RETURNS void
LANGUAGE plpgsql AS $f$
DECLARE
  target regclass := to_regclass(writing -> 'relations' ->> 0);
  one belay.image;
BEGIN
  UPDATE belay.image i SET is_open = false WHERE i.change = write.change AND i.direction = write.direction AND i.place = write.place AND i.is_open;
  IF target IS NULL THEN
    -- The server's own words for it are the best.
    EXECUTE writing ->> 'run';
  ELSIF writing ->> 'command' = 'TRUNCATE' THEN
    PERFORM belay.keep_truncated(change, direction, digest, place, writing);
    EXECUTE writing ->> 'run';
  ELSE
    one := belay.open_image(change, direction, digest, place, target, writing ->> 'command', (writing ->> 'only')::boolean, (SELECT array_agg(c) FROM jsonb_array_elements_text(writing -> 'sets') AS x(c)), true);
    PERFORM belay.write_rows(one, writing, '', NULL);
    PERFORM belay.note_image(i) FROM belay.image i WHERE i.change = write.change AND i.direction = write.direction AND i.place = write.place AND i.is_open AND i.entry IS NULL;
  END IF;
END $f$;

-- Runs the statement over the rows of a range (a condition that begins with AND, and may name what it passes over as $1; empty: over all), and gives how many it wrote. What is read before is locked, so that nobody
-- comes between: an UPDATE keeps off what foreign keys ask for no more than it does by itself (manual, 13.3.2).
DROP FUNCTION IF EXISTS belay.write_rows(belay.image, jsonb, text);
CREATE OR REPLACE FUNCTION belay.write_rows(one belay.image, writing jsonb, range text, passed_over tid[]) RETURNS bigint
LANGUAGE plpgsql AS $f$
DECLARE
  command text := writing ->> 'command';
  called text := writing ->> 'as';
  key text := belay.key_values(one, called);
  slots text := belay.slots_of(one);
  keys text := belay.slots(one.key, 'key');
  run text := (writing ->> 'run') || range;
  found text;
  before text;
  touched bigint;
  known bigint;
BEGIN
  -- Since version 18 an UPDATE tells by itself what was there (manual, UPDATE, RETURNING).
  IF command = 'UPDATE' AND current_setting('server_version_num')::integer >= 180000 THEN
    EXECUTE format('WITH belay_after AS (%s RETURNING WITH (OLD AS belay_old, NEW AS belay_new) %s) INSERT INTO belay_kept.%I (op, %s, was_xmin, left_as) SELECT ''u'', * FROM belay_after', run,
      concat_ws(', ', belay.key_values(one, 'belay_new'), belay.old_values(one, 'belay_old'), belay.writer_of('belay_old', one.relation) || ' AS was_xmin', belay.hash_in(one, 'belay_new') || ' AS left_as'), one.kept_as, slots) USING passed_over;
    GET DIAGNOSTICS touched = ROW_COUNT;
    RETURN touched;
  END IF;
  IF command IN ('UPDATE', 'DELETE') THEN
    found := concat_ws(', ', key, belay.old_values(one, called), belay.writer_of(called, one.relation) || ' AS was_xmin');
    before := format('belay_before AS MATERIALIZED (%s SELECT %s %s%s FOR %s OF %s)', writing ->> 'with', found, writing ->> 'reads', range, CASE command WHEN 'UPDATE' THEN 'NO KEY UPDATE' ELSE 'UPDATE' END, called);
  END IF;
  CASE command
    WHEN 'UPDATE' THEN
      EXECUTE format('WITH %s, belay_after AS (%s AND (SELECT count(*) FROM belay_before) >= 0 RETURNING %s, %s AS left_as), belay_noted AS (
          INSERT INTO belay_kept.%I (op, %s, was_xmin, left_as) SELECT ''u'', %s, b.was_xmin, left_as FROM belay_after JOIN (SELECT DISTINCT ON (%s) * FROM belay_before) b USING (%s) RETURNING 1)
        SELECT (SELECT count(*) FROM belay_after), (SELECT count(*) FROM belay_noted)', before, run, key, belay.hash_in(one, called), one.kept_as, slots, slots, keys, keys) INTO touched, known USING passed_over;
    WHEN 'DELETE' THEN
      IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint f WHERE f.contype = 'f' AND f.confrelid = one.relation AND f.confdeltype IN ('c', 'n', 'd')) THEN
        EXECUTE format('WITH belay_gone AS (%s RETURNING %s) INSERT INTO belay_kept.%I (op, %s) SELECT ''d'', * FROM belay_gone', run, found, one.kept_as, concat_ws(', ', slots, 'was_xmin')) USING passed_over;
        GET DIAGNOSTICS touched = ROW_COUNT;
      ELSE
        EXECUTE format('WITH %s INSERT INTO belay_kept.%I (op, %s, was_xmin) SELECT %s ''d'', * FROM belay_before', before, one.kept_as, slots, 'DISTINCT ON (' || keys || ')') USING passed_over;
        GET DIAGNOSTICS known = ROW_COUNT;
        PERFORM belay.keep_referring(one);
        EXECUTE run USING passed_over;
        GET DIAGNOSTICS touched = ROW_COUNT;
        PERFORM belay.see_referring(one);
      END IF;
    WHEN 'INSERT' THEN
      EXECUTE format('WITH belay_made AS (%s RETURNING %s) INSERT INTO belay_kept.%I (%s) SELECT ''i'', * FROM belay_made', run, concat_ws(', ', key, belay.hash_in(one, called) || ' AS left_as'), one.kept_as, concat_ws(', ', 'op', keys, 'left_as'));
      GET DIAGNOSTICS touched = ROW_COUNT;
    ELSE
      touched := belay.write_either(one, writing);
  END CASE;
  IF touched <> known THEN
    RAISE EXCEPTION 'Belay: the statement wrote % rows of %, and % of them were seen before.', touched, one.named, known USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN touched;
END $f$;

-- INSERT … ON CONFLICT DO UPDATE, and MERGE: which rows they change shows only when they run. They run once in a subtransaction that is taken back; the rows that they came to are
-- locked and kept; and they run again. Where they come to others then, somebody came between, and all of it is to be tried again.
CREATE OR REPLACE FUNCTION belay.write_either(one belay.image, writing jsonb) RETURNS bigint
LANGUAGE plpgsql AS $f$
DECLARE
  called text := writing ->> 'as';
  is_merge boolean := writing ->> 'command' = 'MERGE';
  slots text := belay.slots(one.key, 'key');
  -- A row that was there before bears the lock under which it was changed; rows of partitions do not show that (manual, 5.5, xmax).
  made text := CASE WHEN is_merge THEN 'merge_action() = ''INSERT''' WHEN (SELECT relkind FROM pg_catalog.pg_class WHERE oid = one.relation) = 'r' THEN format('%s.xmax = 0', called)
    ELSE format('NOT EXISTS (SELECT FROM belay_kept.%I k WHERE %s)', one.kept_as, belay.same_row(one, called)) END;
  gone text := CASE WHEN is_merge THEN 'merge_action() = ''DELETE''' ELSE 'false' END;
  giving text := format('RETURNING %s, %s AS made, %s AS gone, %s AS left_as', belay.key_values(one, called), made, gone, belay.hash_in(one, called));
  keys text;
  odd bigint;
  touched bigint;
BEGIN
  BEGIN
    EXECUTE format('WITH belay_wrote AS (%s %s) SELECT jsonb_agg(jsonb_build_array(%s))::text FROM belay_wrote', writing ->> 'run', giving, (SELECT string_agg(format('key_%s::text', o), ', ' ORDER BY o) FROM unnest(one.key) WITH ORDINALITY AS x(c, o))) INTO keys;
    RAISE EXCEPTION USING ERRCODE = 'BE030', MESSAGE = 'tried';
  EXCEPTION WHEN SQLSTATE 'BE030' THEN NULL;
  END;
  EXECUTE format('INSERT INTO belay_kept.%I (op, %s, was_xmin) SELECT ''u'', %s FROM %s t, (SELECT %s FROM jsonb_array_elements($1::jsonb) AS e) AS k WHERE %s FOR UPDATE OF t', one.kept_as, belay.slots_of(one),
    concat_ws(', ', belay.key_values(one, 't'), belay.old_values(one, 't'), belay.writer_of('t', one.relation)), one.relation::regclass,
    (SELECT string_agg(format('(e ->> %s)::%s AS key_%s', o - 1, t, o), ', ' ORDER BY o) FROM unnest(one.key_types) WITH ORDINALITY AS x(t, o)), belay.same_row(one, 't')) USING coalesce(keys, '[]');
  EXECUTE format('WITH belay_wrote AS (%1$s %2$s), belay_new AS (INSERT INTO belay_kept.%3$I (op, %4$s, left_as) SELECT ''i'', %4$s, left_as FROM belay_wrote WHERE made RETURNING 1),
      belay_seen AS (UPDATE belay_kept.%3$I k SET op = CASE WHEN w.gone THEN ''d'' ELSE ''u'' END, left_as = w.left_as FROM belay_wrote w WHERE %5$s AND NOT w.made RETURNING 1)
    SELECT (SELECT count(*) FROM belay_wrote), (SELECT count(*) FROM belay_wrote) - (SELECT count(*) FROM belay_new) - (SELECT count(*) FROM belay_seen)', writing ->> 'run', giving, one.kept_as, slots,
    belay.same_keys(one, 'w', one, 'k')) INTO touched, odd;
  IF odd <> 0 THEN
    RAISE EXCEPTION 'Belay: somebody wrote rows of % while the statement ran.', one.named USING ERRCODE = 'serialization_failure';
  END IF;
  EXECUTE format('DELETE FROM belay_kept.%I WHERE op <> ''d'' AND left_as IS NULL', one.kept_as);
  RETURN touched;
END $f$;

-- What a foreign key deletes or sets to null along with rows that go is kept too, and what goes with that.
CREATE OR REPLACE FUNCTION belay.keep_referring(parent belay.image) RETURNS void
LANGUAGE plpgsql AS $f$
DECLARE
  waiting belay.image[] := ARRAY[parent];
  next_one belay.image;
  child belay.image;
  f record;
  added bigint;
BEGIN
  WHILE cardinality(waiting) > 0 LOOP
    next_one := waiting[1];
    waiting := waiting[2:];
    FOR f IN SELECT c.conrelid, c.confdeltype, ARRAY(SELECT a.attname FROM unnest(c.conkey) WITH ORDINALITY AS x(n, o) JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = n ORDER BY o) AS own,
        ARRAY(SELECT a.attname FROM unnest(c.confkey) WITH ORDINALITY AS x(n, o) JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = n ORDER BY o) AS referred
      FROM (${referring("next_one.relation")}) AS c
    LOOP
      child := belay.open_image(parent.change, parent.direction, parent.digest, parent.place, f.conrelid::regclass, 'REFERRING', false, NULL, false);
      EXECUTE format('INSERT INTO belay_kept.%I (op, %s) SELECT %L, * FROM (SELECT %s FROM %s c, belay_kept.%I k WHERE k.op = ''d'' AND %s FOR UPDATE OF c) AS x ON CONFLICT DO NOTHING',
        child.kept_as, belay.slots_of(child), CASE f.confdeltype WHEN 'c' THEN 'd' ELSE 'u' END, concat_ws(', ', belay.key_values(child, 'c'), belay.old_values(child, 'c')), f.conrelid::regclass, next_one.kept_as,
        (SELECT string_agg(format('c.%I = %s', own, belay.value_now(format('k.old_%s', at), next_one.column_types[at], f.conrelid::regclass, own)), ' AND ') FROM unnest(f.own, f.referred) AS x(own, referred)
          CROSS JOIN LATERAL array_position(next_one.columns, referred) AS at));
      GET DIAGNOSTICS added = ROW_COUNT;
      IF added > 0 AND f.confdeltype = 'c' THEN waiting := waiting || child; END IF;
    END LOOP;
  END LOOP;
END $f$;

-- As the foreign keys left them: those that are still there.
CREATE OR REPLACE FUNCTION belay.see_referring(parent belay.image) RETURNS void
LANGUAGE plpgsql AS $f$
DECLARE
  child belay.image;
BEGIN
  FOR child IN SELECT * FROM belay.image i WHERE i.change = parent.change AND i.direction = parent.direction AND i.place = parent.place AND i.is_open AND i.id <> parent.id LOOP
    EXECUTE format('UPDATE belay_kept.%I k SET left_as = %s FROM %s t WHERE k.op = ''u'' AND k.left_as IS NULL AND %s', child.kept_as, belay.hash_in(child, 't'), child.relation::regclass, belay.same_row(child, 't'));
    -- Something took the row along after all.
    EXECUTE format('UPDATE belay_kept.%I k SET op = ''d'' WHERE k.op = ''u'' AND k.left_as IS NULL', child.kept_as);
  END LOOP;
END $f$;

-- The tables that a TRUNCATE empties: its own, what inherits from them, and with CASCADE whatever refers to them; each after those that it refers to.
CREATE OR REPLACE FUNCTION belay.truncated_by(relations jsonb, only_self boolean, with_referring boolean) RETURNS TABLE (relation regclass, depth integer)
LANGUAGE sql STABLE AS $f$
  WITH RECURSIVE reached(oid, depth) AS (
    SELECT r::regclass::oid, 0 FROM jsonb_array_elements_text(relations) AS r
    UNION SELECT x.oid, r.depth + x.step FROM reached r CROSS JOIN LATERAL (
      SELECT f.conrelid AS oid, 1 AS step FROM pg_catalog.pg_constraint f WHERE f.contype = 'f' AND f.confrelid = r.oid AND f.conparentid = 0 AND f.conrelid <> r.oid
        AND (with_referring OR f.conrelid IN (SELECT o::regclass::oid FROM jsonb_array_elements_text(relations) AS o))
      UNION ALL SELECT i.inhrelid, 0 FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = r.oid AND NOT only_self AND NOT c.relispartition) AS x
    WHERE r.depth < 100
  )
  SELECT oid::regclass, max(reached.depth) FROM reached GROUP BY oid ORDER BY 2, 1
$f$;

CREATE OR REPLACE FUNCTION belay.keep_truncated(change text, direction text, digest text, place integer, writing jsonb) RETURNS void
LANGUAGE plpgsql SET row_security = off AS $f$
DECLARE
  reached record;
  one belay.image;
  kept bigint;
BEGIN
  FOR reached IN SELECT * FROM belay.truncated_by(writing -> 'relations', (writing ->> 'only')::boolean, (writing ->> 'cascade')::boolean) LOOP
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', reached.relation);
    one := belay.open_image(change, direction, digest, place, reached.relation, 'TRUNCATE', true, NULL, true);
    EXECUTE format('INSERT INTO belay_kept.%I (op, %s) SELECT ''d'', %s FROM %s %s t', one.kept_as, belay.slots_of(one), concat_ws(', ', belay.key_values(one, 't'), belay.old_values(one, 't')),
      CASE WHEN (SELECT relkind FROM pg_catalog.pg_class WHERE oid = reached.relation) = 'p' THEN '' ELSE 'ONLY' END, reached.relation);
    IF (writing ->> 'restarts')::boolean THEN
      UPDATE belay.image i SET sequences = belay.sequences_of(reached.relation) WHERE i.id = one.id RETURNING i.* INTO one;
    END IF;
    kept := belay.note_image(one);
  END LOOP;
END $f$;

-- The sequences of a table's columns, and how far each has come.
CREATE OR REPLACE FUNCTION belay.sequences_of(relation regclass) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $f$
DECLARE
  owned record;
  came bigint;
  found jsonb := '[]';
BEGIN
  FOR owned IN SELECT d.objid::regclass AS sequence FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = sequences_of.relation AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i') LOOP
    EXECUTE format('SELECT last_value FROM %s WHERE is_called', owned.sequence) INTO came;
    IF came IS NOT NULL THEN found := found || jsonb_build_object('sequence', owned.sequence::text, 'last', came); END IF;
  END LOOP;
  RETURN found;
END $f$;
`;
