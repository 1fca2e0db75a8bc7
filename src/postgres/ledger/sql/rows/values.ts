/** The values of columns that get another type, where that rewrites them. */
export const values = `
-- Before the type is changed. Whether that rewrites anything is tried out on an empty table of the same shape. Without a key the values could not be put back, so they are not kept then;
-- those of a key tell a row from the others, and go back by their cast alone.
CREATE OR REPLACE FUNCTION belay.keep_values(change text, direction text, digest text, place integer, retyping jsonb) RETURNS void
LANGUAGE plpgsql AS $f$
DECLARE
  target regclass := to_regclass(retyping ->> 'relation');
  sets text[] := ARRAY(SELECT jsonb_array_elements_text(retyping -> 'columns'));
  one belay.image;
  rewrites boolean := true;
  node oid;
BEGIN
  UPDATE belay.image i SET is_open = false WHERE i.change = keep_values.change AND i.direction = keep_values.direction AND i.place = keep_values.place AND i.is_open;
  IF target IS NULL OR belay.row_key(target) IS NULL OR belay.row_key(target) && sets::name[] THEN RETURN; END IF;
  IF EXISTS (SELECT FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = target AND NOT c.relispartition) THEN RETURN; END IF;
  BEGIN
    EXECUTE format('CREATE TABLE belay_kept.belay_trial (LIKE %s)', target);
    node := pg_catalog.pg_relation_filenode('belay_kept.belay_trial');
    EXECUTE (retyping -> 'around' ->> 0) || 'belay_kept.belay_trial' || (retyping -> 'around' ->> 1);
    rewrites := node <> pg_catalog.pg_relation_filenode('belay_kept.belay_trial');
    RAISE EXCEPTION USING ERRCODE = 'BE030', MESSAGE = 'tried';
  EXCEPTION WHEN SQLSTATE 'BE030' THEN NULL;
  END;
  IF NOT rewrites THEN RETURN; END IF;
  one := belay.open_image(change, direction, digest, place, target, 'UPDATE', true, sets, true);
  EXECUTE format('INSERT INTO belay_kept.%I (op, %s) SELECT ''u'', %s, %s FROM %s t', one.kept_as, belay.slots_of(one), belay.key_values(one, 't'), belay.old_values(one, 't'), target);
END $f$;

-- After it: a value that reads the same in both types needs nothing of what was kept.
CREATE OR REPLACE FUNCTION belay.see_values(change text, direction text, place integer, retyping jsonb) RETURNS void
LANGUAGE plpgsql SET row_security = off AS $f$
DECLARE
  one belay.image;
  target regclass;
BEGIN
  FOR one IN SELECT * FROM belay.image i WHERE i.change = see_values.change AND i.direction = see_values.direction AND i.place = see_values.place AND i.is_open LOOP
    target := belay.table_of(one);
    EXECUTE format('DELETE FROM belay_kept.%I k USING %s t WHERE %s AND %s', one.kept_as, target, belay.same_row(one, 't'),
      (SELECT string_agg(format('k.old_%s::text COLLATE "C" IS NOT DISTINCT FROM t.%I::text COLLATE "C"', o, c), ' AND ') FROM unnest(one.columns) WITH ORDINALITY AS x(c, o)));
    EXECUTE format('UPDATE belay_kept.%I k SET left_as = %s FROM %s t WHERE %s', one.kept_as, belay.hash_in(one, 't'), target, belay.same_row(one, 't'));
    PERFORM belay.note_image(one);
  END LOOP;
END $f$;
`;
