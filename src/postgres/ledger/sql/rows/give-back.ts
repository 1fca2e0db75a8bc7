/** What a half of a change found in the rows that it wrote is put there again by the other half, where nobody has changed it since. */
export const giveBack = `
-- The images of the other half that are to be given back: those of one of its statements, or of all, the last statement first; of one statement each table after those that it refers
-- to. The way forward gives back only what it was itself, as it is now, that was taken back.
CREATE OR REPLACE FUNCTION belay.images_for(change text, direction text, digest text, place integer) RETURNS SETOF belay.image
LANGUAGE sql STABLE AS $f$
  SELECT i.* FROM belay.image i WHERE i.change = images_for.change AND i.direction <> images_for.direction AND i.is_open AND (images_for.direction = 'down' OR i.digest = images_for.digest)
    AND to_regclass(format('belay_kept.%I', i.kept_as)) IS NOT NULL AND belay.table_of(i) IS NOT NULL AND (images_for.place IS NULL OR i.place = images_for.place)
  ORDER BY i.place DESC, i.id
$f$;

-- Marks the rows that are still as they were left, and locks them: before the author's statements change them. "range" is a condition on "t" that begins with AND, or empty.
CREATE OR REPLACE FUNCTION belay.compare_rows(change text, direction text, digest text, place integer DEFAULT NULL, range text DEFAULT '') RETURNS void
LANGUAGE plpgsql SET row_security = off AS $f$
DECLARE
  one belay.image;
BEGIN
  FOR one IN SELECT * FROM belay.images_for(change, direction, digest, place) LOOP
    -- A row that has other columns than it was left with cannot be told from one that somebody changed.
    CONTINUE WHEN one.key IS NULL OR NOT (one.left_columns || one.key) <@ belay.row_columns(belay.table_of(one));
    IF range = '' THEN EXECUTE format('ANALYZE belay_kept.%I', one.kept_as); END IF;
    EXECUTE format('WITH belay_now AS MATERIALIZED (SELECT k.ctid AS at, %1$s = k.left_as AS same FROM %2$s t, belay_kept.%3$I k WHERE %4$s AND k.op <> ''d''%5$s FOR NO KEY UPDATE OF t)
        UPDATE belay_kept.%3$I k SET is_same = true FROM belay_now n WHERE k.ctid = n.at AND n.same', belay.hash_in(one, 't'), belay.table_of(one), one.kept_as, belay.same_row(one, 't'), range);
  END LOOP;
END $f$;

-- No trigger of the application is to see as news what was there before.
CREATE OR REPLACE FUNCTION belay.silence(relation regclass) RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
DECLARE
  quiet record;
  again text[] := '{}';
BEGIN
  FOR quiet IN SELECT t.tgname, t.tgenabled FROM pg_trigger t WHERE t.tgrelid = relation AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') ORDER BY t.tgname LOOP
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', relation, quiet.tgname);
    again := again || format('ALTER TABLE %s ENABLE %s TRIGGER %I', relation, CASE quiet.tgenabled WHEN 'A' THEN 'ALWAYS' ELSE '' END, quiet.tgname);
  END LOOP;
  RETURN again;
END $f$;

-- What a statement of the way back wrote, but neither the change nor anybody since it began, is none of its business: it is what it was before at once. "one" is what the change
-- wrote in the same table.
CREATE OR REPLACE FUNCTION belay.spare_rows(one belay.image) RETURNS void
LANGUAGE plpgsql SET row_security = off AS $f$
DECLARE
  m belay.image;
  target regclass := belay.table_of(one);
  old_rows text;
  has_old boolean;
  has_gone boolean;
BEGIN
  FOR m IN SELECT * FROM belay.image i WHERE i.change = one.change AND i.direction = 'down' AND i.is_open AND i.relation = target AND i.key = one.key AND i.place > 0 AND i.columns <@ belay.row_columns(target) LOOP
    old_rows := format('age(k.was_xmin) > %s AND NOT EXISTS (SELECT FROM belay_kept.%I o WHERE %s)', age(one.xid), one.kept_as, belay.same_keys(one, 'o', m, 'k'));
    EXECUTE format('SELECT EXISTS (SELECT FROM belay_kept.%1$I WHERE op = ''u''), EXISTS (SELECT FROM belay_kept.%1$I WHERE op = ''d'')', m.kept_as) INTO has_old, has_gone;
    IF has_old THEN EXECUTE format('UPDATE %s t SET %s FROM belay_kept.%I k WHERE %s AND k.op = ''u'' AND %s', target,
      (SELECT string_agg(format('%I = %s', c, belay.value_now(format('k.old_%s', o), t, target, c)), ', ' ORDER BY o) FROM unnest(m.columns, m.column_types) WITH ORDINALITY AS x(c, t, o) WHERE NOT c = ANY (m.key)),
      m.kept_as, belay.same_row(m, 't'), old_rows);
    END IF;
    IF has_gone THEN EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM belay_kept.%I k WHERE k.op = ''d'' AND %s ON CONFLICT DO NOTHING', target,
      (SELECT string_agg(quote_ident(c), ', ' ORDER BY o) FROM unnest(m.columns) WITH ORDINALITY AS x(c, o)),
      (SELECT string_agg(belay.value_now(format('k.old_%s', o), t, target, c), ', ' ORDER BY o) FROM unnest(m.columns, m.column_types) WITH ORDINALITY AS x(c, t, o)), m.kept_as, old_rows);
    END IF;
    EXECUTE format('DELETE FROM belay_kept.%I k WHERE %s', m.kept_as, old_rows);
  END LOOP;
END $f$;

-- Takes out of one image the rows that another one gives back. Nobody knows how many that are just now: neither is to be gone through for each row of the other.
DROP FUNCTION IF EXISTS belay.forget_rows(name, name);
CREATE OR REPLACE FUNCTION belay.forget_rows(mine belay.image, theirs belay.image) RETURNS void
LANGUAGE plpgsql SET enable_nestloop = off SET enable_hashjoin = on SET enable_seqscan = off AS $f$
BEGIN
  EXECUTE format('DELETE FROM belay_kept.%I m USING belay_kept.%I k WHERE %s AND k.is_same', mine.kept_as, theirs.kept_as, belay.same_keys(mine, 'm', theirs, 'k'));
END $f$;

-- Puts the rows of one image back, as far as they can be: all at once, or one by one where one of them breaks a constraint. What is back is no longer in the image.
CREATE OR REPLACE FUNCTION belay.give_back(one belay.image, spares boolean) RETURNS bigint
LANGUAGE plpgsql SET row_security = off AS $f$
DECLARE
  target regclass := belay.table_of(one);
  present name[] := belay.row_columns(target);
  matching text := belay.same_row(one, 't');
  columns name[]; assignments text; list text; selected text;
  mine belay.image; sql text; again text[]; row_at tid; every text[];
  done bigint := 0; moved bigint; has_old boolean; has_new boolean; has_gone boolean;
BEGIN
  SELECT array_agg(c), string_agg(format('%I = %s', c, belay.value_now(format('k.old_%s', o), t, target, c)), ', ' ORDER BY o) FILTER (WHERE NOT c = ANY (coalesce(one.key, '{}'))),
      string_agg(quote_ident(c), ', ' ORDER BY o), string_agg(belay.value_now(format('k.old_%s', o), t, target, c), ', ' ORDER BY o) INTO columns, assignments, list, selected
    FROM unnest(one.columns, one.column_types) WITH ORDINALITY AS x(c, t, o) WHERE c = ANY (present);
  -- Without a key a row that was put in is told by all that it holds.
  IF one.key IS NULL THEN
    every := ARRAY[format('WITH belay_now AS (SELECT t.ctid AS at, t.tableoid AS part, %1$s AS left_as, row_number() OVER (PARTITION BY %1$s) AS n FROM %2$s t),
        belay_put AS (SELECT k.ctid AS at, k.left_as, row_number() OVER (PARTITION BY k.left_as) AS n FROM belay_kept.%3$I k WHERE k.op = ''i'' AND /*which*/true),
        belay_gone AS (DELETE FROM %2$s t USING belay_now w, belay_put p WHERE t.ctid = w.at AND t.tableoid = w.part AND w.left_as = p.left_as AND w.n = p.n RETURNING p.at)
        DELETE FROM belay_kept.%3$I k USING belay_gone g WHERE k.ctid = g.at', belay.hash_in(one, 't'), target, one.kept_as),
      format('WITH belay_back AS (DELETE FROM belay_kept.%1$I k WHERE k.op = ''d'' AND /*which*/true RETURNING k.*) INSERT INTO %2$s (%3$s) OVERRIDING SYSTEM VALUE SELECT %4$s FROM belay_back k', one.kept_as, target, list, selected)];
  ELSE
    every := ARRAY[
      -- What the author's own statements made of rows that go back is nobody's work.
      format('UPDATE %1$s t SET %2$s FROM belay_kept.%3$I k WHERE %4$s AND k.op = ''u'' AND k.is_same AND /*which*/true', target, assignments, one.kept_as, matching),
      format('DELETE FROM %1$s t USING belay_kept.%2$I k WHERE %3$s AND k.op = ''i'' AND k.is_same AND /*which*/true', target, one.kept_as, matching),
      format('WITH belay_back AS (INSERT INTO %1$s AS t (%2$s) OVERRIDING SYSTEM VALUE SELECT %3$s FROM belay_kept.%4$I k WHERE k.op = ''d'' AND NOT k.is_same AND /*which*/true ON CONFLICT DO NOTHING RETURNING %5$s)
        UPDATE belay_kept.%4$I k SET is_same = true FROM belay_back b WHERE %6$s', target, list, selected, one.kept_as, belay.key_values(one, 't'), belay.same_keys(one, 'b', one, 'k'))];
    IF assignments IS NULL THEN every[1] := NULL; END IF;
    -- A statement wants its right also where it finds nothing to do.
    EXECUTE format('SELECT EXISTS (SELECT FROM belay_kept.%1$I WHERE op = ''i''), EXISTS (SELECT FROM belay_kept.%1$I WHERE op = ''d'')', one.kept_as) INTO has_new, has_gone;
    -- What is written in ranges is all of one kind.
    has_old := NOT (has_new OR has_gone);
    IF spares THEN EXECUTE format('SELECT EXISTS (SELECT FROM belay_kept.%I WHERE op = ''u'')', one.kept_as) INTO has_old; END IF;
    IF NOT has_old THEN every[1] := NULL; END IF;
    IF NOT has_new THEN every[2] := NULL; END IF;
    IF NOT has_gone THEN every[3] := NULL; END IF;
    -- A row that this half's own statement has put there, by the key of one that comes back, gives way to it.
    FOR mine IN SELECT m.* FROM belay.image m WHERE m.change = one.change AND m.direction <> one.direction AND m.is_open AND m.relation = target AND m.key = one.key AND assignments IS NOT NULL AND has_gone LOOP
      every := every || format('UPDATE %1$s t SET %2$s FROM belay_kept.%3$I k, belay_kept.%5$I m WHERE %4$s AND %6$s AND m.op = ''i'' AND k.op = ''d'' AND NOT k.is_same AND /*which*/true',
          target, assignments, one.kept_as, matching, mine.kept_as, belay.same_keys(mine, 'm', one, 'k'))
        || format('UPDATE belay_kept.%1$I k SET is_same = true FROM belay_kept.%2$I m WHERE %3$s AND m.op = ''i'' AND k.op = ''d'' AND /*which*/true', one.kept_as, mine.kept_as, belay.same_keys(mine, 'm', one, 'k'));
    END LOOP;
  END IF;
  again := belay.silence(target);
  FOREACH sql IN ARRAY every LOOP
    CONTINUE WHEN sql IS NULL;
    BEGIN
      EXECUTE sql;
      GET DIAGNOSTICS moved = ROW_COUNT;
      done := done + moved;
    EXCEPTION WHEN integrity_constraint_violation THEN
      FOR row_at IN EXECUTE format('SELECT ctid FROM belay_kept.%I', one.kept_as) LOOP
        BEGIN
          EXECUTE replace(sql, '/*which*/true', format('k.ctid = %L', row_at));
          GET DIAGNOSTICS moved = ROW_COUNT;
          done := done + moved;
        EXCEPTION WHEN integrity_constraint_violation THEN
          EXECUTE format('UPDATE belay_kept.%I SET is_same = false WHERE ctid = %L', one.kept_as, row_at);
        END;
      END LOOP;
    END;
  END LOOP;
  IF spares AND one.key IS NOT NULL AND one.direction = 'up' THEN PERFORM belay.spare_rows(one); END IF;
  FOREACH sql IN ARRAY again LOOP EXECUTE sql; END LOOP;
  IF one.key IS NOT NULL THEN
    -- What this half's own statements found in them before they went back is of no use to anybody.
    FOR mine IN SELECT m.* FROM belay.image m WHERE m.change = one.change AND m.direction <> one.direction AND m.is_open AND m.relation = target AND m.key = one.key LOOP
      PERFORM belay.forget_rows(mine, one);
    END LOOP;
    EXECUTE format('DELETE FROM belay_kept.%I k WHERE k.is_same', one.kept_as);
  END IF;
  RETURN done;
END $f$;

-- Puts back what one statement of the other half wrote, or all of them; "spares" is left for the last where that goes range by range.
CREATE OR REPLACE FUNCTION belay.return_rows(change text, direction text, digest text, place integer DEFAULT NULL, spares boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql AS $f$
DECLARE
  one belay.image;
BEGIN
  FOR one IN SELECT * FROM belay.images_for(change, direction, digest, place) LOOP
    PERFORM belay.give_back(one, spares);
  END LOOP;
END $f$;

-- What people made of rows that the way forward had changed, and that stay so on the way back: applied again, the change is to leave it as it is.
CREATE OR REPLACE FUNCTION belay.keep_stayed(one belay.image, digest text) RETURNS void
LANGUAGE plpgsql SET row_security = off AS $f$
DECLARE
  target regclass := belay.table_of(one);
  theirs belay.image;
  others text;
  sets text[] := ARRAY(SELECT c::text FROM unnest(one.columns) AS c WHERE NOT c = ANY (coalesce(one.key, '{}')));
BEGIN
  IF cardinality(sets) = 0 OR target IS NULL OR one.key IS NULL OR NOT one.columns <@ belay.row_columns(target) OR NOT one.key <@ belay.row_columns(target) THEN RETURN; END IF;
  SELECT coalesce(string_agg(format(' AND NOT EXISTS (SELECT FROM belay_kept.%I m WHERE %s)', m.kept_as, belay.same_keys(m, 'm', one, 'k')), ''), '') INTO others
    FROM belay.image m WHERE m.change = one.change AND m.direction = 'down' AND m.is_open AND m.relation = target AND m.key = one.key;
  theirs := belay.open_image(one.change, 'down', digest, -one.place, target, 'UPDATE', true, sets, true);
  EXECUTE format('INSERT INTO belay_kept.%I (op, %s, left_as) SELECT ''u'', %s FROM %s t, belay_kept.%I k WHERE %s AND k.op = ''u''%s', theirs.kept_as, belay.slots_of(theirs),
    concat_ws(', ', belay.key_values(theirs, 't'), belay.old_values(theirs, 't'), belay.hash_in(theirs, 't')), target, one.kept_as, belay.same_row(one, 't'), others);
  PERFORM belay.note_image(theirs);
END $f$;

-- The same for a range of a batch: its few rows are found by their keys, whatever the statistics of a table say that is being written and emptied meanwhile.
CREATE OR REPLACE FUNCTION belay.compare_range(change text, direction text, digest text, place integer, range text) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $f$
BEGIN
  PERFORM belay.compare_rows(change, direction, digest, place, range);
END $f$;
CREATE OR REPLACE FUNCTION belay.return_range(change text, direction text, digest text, place integer) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $f$
BEGIN
  PERFORM belay.return_rows(change, direction, digest, place, false);
END $f$;
-- Where the statement that undoes them sets nothing beyond what goes back, the rows of a range that are still as they were left go back in one go, and the statement need not come to them: gives where they are
-- now. Null where it must: where rows are to come or go, where triggers look on, or where a constraint stands in the way of one of them.
CREATE OR REPLACE FUNCTION belay.return_unchanged(change text, direction text, digest text, places integer[], range text, sets name[]) RETURNS tid[]
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET row_security = off AS $f$
DECLARE
  found belay.image[] := ARRAY(SELECT i FROM unnest(places) AS p, belay.images_for(change, direction, digest, p) AS i);
  one belay.image := found[1];
  target regclass := belay.table_of(one);
  back tid[];
  others boolean;
BEGIN
  IF cardinality(found) <> 1 OR one.key IS NULL OR cardinality(sets) = 0 OR NOT sets <@ one.columns OR one.columns <@ one.key OR NOT (one.left_columns || one.key) <@ belay.row_columns(target)
      OR (SELECT relkind FROM pg_catalog.pg_class WHERE oid = target) <> 'r' OR EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = target AND NOT tgisinternal) THEN
    RETURN NULL;
  END IF;
  EXECUTE format('SELECT EXISTS (SELECT FROM belay_kept.%I WHERE op <> ''u'')', one.kept_as) INTO others;
  IF others THEN RETURN NULL; END IF;
  EXECUTE format('WITH belay_back AS (UPDATE %1$s t SET %2$s FROM belay_kept.%3$I k WHERE %4$s AND %5$s = k.left_as%6$s RETURNING k.ctid AS at, t.ctid AS here),
      belay_gone AS (DELETE FROM belay_kept.%3$I k USING belay_back b WHERE k.ctid = b.at)
    SELECT coalesce(array_agg(here), ''{}'') FROM belay_back', target,
    (SELECT string_agg(format('%I = %s', c, belay.value_now(format('k.old_%s', o), t, target, c)), ', ' ORDER BY o) FROM unnest(one.columns, one.column_types) WITH ORDINALITY AS x(c, t, o) WHERE NOT c = ANY (one.key)),
    one.kept_as, belay.same_row(one, 't'), belay.hash_in(one, 't'), range) INTO back;
  RETURN back;
EXCEPTION WHEN integrity_constraint_violation THEN
  RETURN NULL;
END $f$;

-- When the last range is done.
CREATE OR REPLACE FUNCTION belay.spare_all(change text, direction text, digest text, place integer) RETURNS void
LANGUAGE plpgsql AS $f$
BEGIN
  PERFORM belay.spare_rows(i) FROM belay.images_for(change, direction, digest, place) AS i WHERE i.direction = 'up' AND i.key IS NOT NULL;
END $f$;

-- At the end of a half: sequences are set no lower than they were, and the rows that stay as they are, because somebody changed them since, are told and kept.
CREATE OR REPLACE FUNCTION belay.end_rows(change text, direction text, digest text) RETURNS TABLE (relation text, stayed bigint, keys text[])
LANGUAGE plpgsql AS $f$
DECLARE
  one belay.image;
  owned record;
BEGIN
  FOR one IN SELECT i.* FROM belay.image i WHERE i.change = end_rows.change AND i.direction <> end_rows.direction AND i.is_open AND to_regclass(format('belay_kept.%I', i.kept_as)) IS NOT NULL ORDER BY i.id LOOP
    FOR owned IN SELECT s ->> 'sequence' AS sequence, (s ->> 'last')::bigint AS last FROM jsonb_array_elements(one.sequences) AS s WHERE to_regclass(s ->> 'sequence') IS NOT NULL LOOP
      EXECUTE format('SELECT setval(%L, %s) FROM %s WHERE NOT is_called OR last_value < %s', owned.sequence, owned.last, owned.sequence, owned.last);
    END LOOP;
    EXECUTE format('SELECT count(*), %2$s FROM belay_kept.%1$I', one.kept_as, CASE WHEN one.key IS NULL THEN 'NULL::text[]' ELSE
      format('(SELECT array_agg(concat_ws('', '', %1$s)) FROM (SELECT %1$s FROM belay_kept.%2$I ORDER BY %1$s LIMIT 10) AS s)', belay.slots(one.key, 'key'), one.kept_as) END) INTO stayed, keys;
    UPDATE belay.image i SET is_open = false WHERE i.id = one.id;
    IF direction = 'down' AND stayed > 0 THEN PERFORM belay.keep_stayed(one, digest); END IF;
    PERFORM belay.append('restored', NULL, one.change, belay.operator(), jsonb_build_object('how', 'rows', 'keptAs', one.kept_as, 'stayed', stayed) || CASE stayed WHEN 0 THEN jsonb_build_object('kept', one.entry) ELSE '{}' END);
    IF stayed = 0 THEN
      EXECUTE format('DROP TABLE belay_kept.%I', one.kept_as);
    ELSE
      RAISE NOTICE 'Belay: % rows of % were changed since, or their place is taken: they stay as they are (%). What they were is kept in belay_kept.%.', stayed, one.named, array_to_string(keys, '; '), one.kept_as;
      relation := one.named;
      RETURN NEXT;
    END IF;
  END LOOP;
END $f$;

-- Where a later statement of the same transaction gave the rows' table other columns or types: nobody could come between, so what is there now is what was left.
CREATE OR REPLACE FUNCTION belay.see_rows(change text, direction text) RETURNS void
LANGUAGE plpgsql SET row_security = off AS $f$
DECLARE
  one belay.image;
BEGIN
  FOR one IN SELECT * FROM belay.image i WHERE i.change = see_rows.change AND i.direction = see_rows.direction AND i.is_open AND i.key IS NOT NULL LOOP
    CONTINUE WHEN belay.table_of(one) IS NULL OR NOT one.key <@ belay.row_columns(belay.table_of(one));
    UPDATE belay.image i SET left_columns = belay.row_columns(belay.table_of(one)) WHERE i.id = one.id RETURNING i.* INTO one;
    EXECUTE format('UPDATE belay_kept.%I k SET left_as = %s FROM %s t WHERE k.op <> ''d'' AND %s', one.kept_as, belay.hash_in(one, 't'), belay.table_of(one), belay.same_row(one, 't'));
  END LOOP;
END $f$;
`;
