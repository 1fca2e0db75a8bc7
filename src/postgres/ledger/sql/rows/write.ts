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
    PERFORM belay.write_rows(one, writing, '');
    PERFORM belay.note_image(i) FROM belay.image i WHERE i.change = write.change AND i.direction = write.direction AND i.place = write.place AND i.is_open AND i.entry IS NULL;
  END IF;
END $f$;

-- Runs the statement over the rows of a range (a condition that begins with AND; empty: over all), and gives how many it wrote. What is read before is locked, so that nobody
-- comes between: an UPDATE keeps off what foreign keys ask for no more than it does by itself (manual, 13.3.2).
CREATE OR REPLACE FUNCTION belay.write_rows(one belay.image, writing jsonb, range text) RETURNS bigint
LANGUAGE plpgsql AS $f$
DECLARE
  called text := writing ->> 'as';
  key text := belay.texts_of(called, one.key);
  old text := belay.texts_of(called, one.columns);
  left_as text := belay.hash_of(called, one.left_columns);
  writer text := belay.writer_of(called, one.relation);
  before text := format('belay_before AS MATERIALIZED (%s SELECT %s AS key, %s AS old, %s AS was %s%s FOR %s OF %s)', writing ->> 'with', key, old, writer, writing ->> 'reads', range,
    CASE writing ->> 'command' WHEN 'UPDATE' THEN 'NO KEY UPDATE' ELSE 'UPDATE' END, called);
  run text := (writing ->> 'run') || range;
  touched bigint;
  known bigint;
BEGIN
  CASE writing ->> 'command'
    WHEN 'UPDATE' THEN
     -- Since version 18 the statement itself tells what was there (manual, UPDATE, RETURNING).
     IF current_setting('server_version_num')::integer >= 180000 THEN
      EXECUTE format('WITH belay_after AS (%s RETURNING WITH (OLD AS belay_old, NEW AS belay_new) %s AS key, %s AS old, %s AS was, %s AS left_as)
        INSERT INTO belay_kept.%I (op, key, old, was_xmin, left_as) SELECT ''u'', key, old, was, left_as FROM belay_after',
        run, belay.texts_of('belay_new', one.key), belay.texts_of('belay_old', one.columns), belay.writer_of('belay_old', one.relation), belay.hash_of('belay_new', one.left_columns), one.kept_as);
      GET DIAGNOSTICS touched = ROW_COUNT;
     ELSE
      EXECUTE format('WITH %s, belay_after AS (%s AND (SELECT count(*) FROM belay_before) >= 0 RETURNING %s AS key, %s AS left_as)
        INSERT INTO belay_kept.%I (op, key, old, was_xmin, left_as) SELECT ''u'', a.key, b.old, b.was, a.left_as FROM belay_after a LEFT JOIN (SELECT DISTINCT ON (key) * FROM belay_before) b USING (key)',
        before, run, key, left_as, one.kept_as);
      GET DIAGNOSTICS touched = ROW_COUNT;
     END IF;
    WHEN 'DELETE' THEN
      IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint f WHERE f.contype = 'f' AND f.confrelid = one.relation AND f.confdeltype IN ('c', 'n', 'd')) THEN
        EXECUTE format('WITH belay_gone AS (%s RETURNING %s AS key, %s AS old, %s AS was) INSERT INTO belay_kept.%I (op, key, old, was_xmin) SELECT ''d'', key, old, was FROM belay_gone', run, key, old, writer, one.kept_as);
        GET DIAGNOSTICS touched = ROW_COUNT;
      ELSE
        EXECUTE format('WITH %s INSERT INTO belay_kept.%I (op, key, old, was_xmin) SELECT DISTINCT ON (key) ''d'', key, old, was FROM belay_before', before, one.kept_as);
        GET DIAGNOSTICS known = ROW_COUNT;
        PERFORM belay.keep_referring(one);
        EXECUTE run;
        GET DIAGNOSTICS touched = ROW_COUNT;
        IF touched <> known THEN
          RAISE EXCEPTION 'Belay: the statement deleted % rows of %, and % were there before.', touched, one.named, known USING ERRCODE = 'serialization_failure';
        END IF;
        PERFORM belay.see_referring(one);
      END IF;
    WHEN 'INSERT' THEN
      EXECUTE format('WITH belay_made AS (%s RETURNING %s AS key, %s AS left_as) INSERT INTO belay_kept.%I (op, key, left_as) SELECT ''i'', key, left_as FROM belay_made', run, key, left_as, one.kept_as);
      GET DIAGNOSTICS touched = ROW_COUNT;
    ELSE
      touched := belay.write_either(one, writing);
  END CASE;
  RETURN touched;
END $f$;

-- INSERT … ON CONFLICT DO UPDATE, and MERGE: which rows they change shows only when they run. They run once in a subtransaction that is taken back; the rows that they came to are
-- locked and kept; and they run again. Where they come to others then, somebody came between, and all of it is to be tried again.
CREATE OR REPLACE FUNCTION belay.write_either(one belay.image, writing jsonb) RETURNS bigint
LANGUAGE plpgsql AS $f$
DECLARE
  called text := writing ->> 'as';
  is_merge boolean := writing ->> 'command' = 'MERGE';
  key text := belay.texts_of(called, one.key);
  -- A row that was there before bears the lock under which it was changed; rows of partitions do not show that (manual, 5.5, xmax).
  made text := CASE WHEN is_merge THEN 'merge_action() = ''INSERT''' WHEN (SELECT relkind FROM pg_catalog.pg_class WHERE oid = one.relation) = 'r' THEN format('%s.xmax = 0', called)
    ELSE format('NOT EXISTS (SELECT FROM belay_kept.%I k WHERE k.key = %s)', one.kept_as, key) END;
  gone text := CASE WHEN is_merge THEN 'merge_action() = ''DELETE''' ELSE 'false' END;
  giving text := format('RETURNING %s AS key, %s AS made, %s AS gone, %s AS left_as', key, made, gone, belay.hash_of(called, one.left_columns));
  keys text;
  odd bigint;
  touched bigint;
BEGIN
  IF is_merge AND current_setting('server_version_num')::integer < 170000 THEN
    RAISE EXCEPTION 'Belay: MERGE tells which rows it wrote since PostgreSQL 17, and this is %.', current_setting('server_version')
      USING ERRCODE = 'BE040', HINT = 'Write it as UPDATE and INSERT, or say "-- belay:keep off" at the head of the up file: then the way back cannot know what was there.';
  END IF;
  BEGIN
    EXECUTE format('WITH belay_wrote AS (%s %s) SELECT jsonb_agg(to_jsonb(key))::text FROM belay_wrote', writing ->> 'run', giving) INTO keys;
    RAISE EXCEPTION USING ERRCODE = 'BE030', MESSAGE = 'tried';
  EXCEPTION WHEN SQLSTATE 'BE030' THEN NULL;
  END;
  EXECUTE format('INSERT INTO belay_kept.%I (op, key, old, was_xmin) SELECT ''u'', %s, %s, %s FROM %s t, (SELECT ARRAY(SELECT jsonb_array_elements_text(e)) AS key FROM jsonb_array_elements($1::jsonb) AS e) AS k WHERE %s FOR UPDATE OF t',
    one.kept_as, belay.texts_of('t', one.key), belay.texts_of('t', one.columns), belay.writer_of('t', one.relation), one.relation::regclass, belay.same_row(one.relation, 't', one.key)) USING coalesce(keys, '[]');
  EXECUTE format('WITH belay_wrote AS (%1$s %2$s), belay_new AS (INSERT INTO belay_kept.%3$I AS k (op, key, left_as) SELECT ''i'', key, left_as FROM belay_wrote WHERE made RETURNING 1),
      belay_seen AS (UPDATE belay_kept.%3$I k SET op = CASE WHEN w.gone THEN ''d'' ELSE ''u'' END, left_as = w.left_as FROM belay_wrote w WHERE w.key = k.key AND NOT w.made RETURNING 1)
    SELECT (SELECT count(*) FROM belay_wrote), (SELECT count(*) FROM belay_wrote) - (SELECT count(*) FROM belay_new) - (SELECT count(*) FROM belay_seen)', writing ->> 'run', giving, one.kept_as) INTO touched, odd;
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
      FROM pg_catalog.pg_constraint c WHERE c.contype = 'f' AND c.confrelid = next_one.relation AND c.conparentid = 0 AND c.confdeltype IN ('c', 'n', 'd')
    LOOP
      child := belay.open_image(parent.change, parent.direction, parent.digest, parent.place, f.conrelid::regclass, 'MERGE', false, NULL, false);
      EXECUTE format('INSERT INTO belay_kept.%I (op, key, old) SELECT %L, key, old FROM (SELECT %s AS key, %s AS old FROM %s c, belay_kept.%I k WHERE k.op = ''d'' AND %s FOR UPDATE OF c) AS x ON CONFLICT DO NOTHING',
        child.kept_as, CASE f.confdeltype WHEN 'c' THEN 'd' ELSE 'u' END, belay.texts_of('c', child.key), belay.texts_of('c', child.columns), f.conrelid::regclass, next_one.kept_as,
        (SELECT string_agg(format('c.%I = (k.old[%s])::%s', own, array_position(next_one.columns, referred), belay.type_in(f.conrelid, own)), ' AND ') FROM unnest(f.own, f.referred) AS x(own, referred)));
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
    EXECUTE format('UPDATE belay_kept.%I k SET left_as = %s FROM %s t WHERE k.op = ''u'' AND k.left_as IS NULL AND %s', child.kept_as, belay.hash_of('t', child.left_columns), child.relation::regclass,
      belay.same_row(child.relation, 't', child.key));
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
    EXECUTE format('INSERT INTO belay_kept.%I (op, key, old) SELECT ''d'', %s, %s FROM %s %s t', one.kept_as, belay.texts_of('t', one.key), belay.texts_of('t', one.columns),
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
