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

-- Beforehand, on the live rows: how many of them the statement could not convert (then it would stop there), and how many it would round or cut, where it says no more than another type. Rows that are as the change
-- left them have their values back from what was kept. A count stops at "most". Tried out on a table of its own, of which nothing stays; nobody waits for more than a reader.
CREATE OR REPLACE FUNCTION belay.unfit(change text, retyping jsonb, most bigint, OUT cannot bigint, OUT altered bigint)
LANGUAGE plpgsql SET row_security = off AS $f$
DECLARE
  target regclass := to_regclass(retyping ->> 'relation');
  trial text := format('belay_kept.belay_trial_%s', pg_backend_pid());
  columns name[] := ARRAY(SELECT jsonb_array_elements_text(retyping -> 'columns'));
  plain text[];
  node oid;
  rewrites boolean;
  leaf regclass;
  converted text;
BEGIN
  cannot := 0;
  altered := 0;
  IF target IS NULL OR NOT columns <@ belay.row_columns(target) OR (SELECT relkind NOT IN ('r', 'p') FROM pg_catalog.pg_class WHERE oid = target) THEN RETURN; END IF;
  -- A value that is converted, and back again, is the same or it is not, where the conversion is no invention of the author's.
  SELECT array_agg(quote_ident(c) ORDER BY o) FILTER (WHERE u #>> '{}' IS NULL OR u #>> '{}' ~* ('^"?' || c || '"?[[:space:]]*::[[:space:]]*[a-z0-9_ (),"]+$')) INTO plain
    FROM unnest(columns) WITH ORDINALITY AS x(c, o) JOIN jsonb_array_elements(retyping -> 'using') WITH ORDINALITY AS y(u, p) ON p = o;
  BEGIN
    EXECUTE format('CREATE UNLOGGED TABLE %s AS SELECT *, false AS belay_stays FROM %s WITH NO DATA', trial, target);
    node := pg_catalog.pg_relation_filenode(trial);
    BEGIN
      EXECUTE (retyping -> 'around' ->> 0) || trial || (retyping -> 'around' ->> 1);
    EXCEPTION WHEN syntax_error_or_access_rule_violation THEN
      -- It wants something that only an earlier step brings back: nothing can be said yet.
      RAISE EXCEPTION USING ERRCODE = 'BE030', MESSAGE = 'tried';
    END;
    rewrites := node <> pg_catalog.pg_relation_filenode(trial);
    EXECUTE (SELECT format('ALTER TABLE %s %s', trial, string_agg(format('ADD COLUMN belay_was_%s %s', o, belay.type_in(target, c)), ', ')) FROM unnest(columns) WITH ORDINALITY AS x(c, o));
    converted := (SELECT format('INSERT INTO %s (%s, belay_stays, %s) SELECT %s, %%s, %s FROM ', trial, string_agg(quote_ident(c), ', ' ORDER BY o), string_agg('belay_was_' || o, ', ' ORDER BY o),
        string_agg(coalesce(replace(u #>> '{}', '%', '%%'), quote_ident(c)), ', ' ORDER BY o), string_agg(quote_ident(c), ', ' ORDER BY o))
      FROM unnest(columns) WITH ORDINALITY AS x(c, o) JOIN jsonb_array_elements(retyping -> 'using') WITH ORDINALITY AS y(u, p) ON p = o);
    FOR leaf IN WITH RECURSIVE family(oid) AS (SELECT target::oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN family f ON f.oid = i.inhparent)
      SELECT c.oid FROM family JOIN pg_catalog.pg_class c USING (oid) WHERE rewrites AND c.relkind = 'r' LOOP
      cannot := cannot + belay.convert_rows(leaf, format(converted, belay.comes_back(change, target, leaf)), most - cannot);
      EXIT WHEN cannot >= most;
    END LOOP;
    IF rewrites AND plain IS NOT NULL THEN
      BEGIN
        EXECUTE (SELECT format('SELECT count(*) FROM (SELECT FROM %s WHERE NOT belay_stays AND (%s) LIMIT %s) AS x', trial,
          string_agg(format('(%1$I::%2$s)::text COLLATE "C" IS DISTINCT FROM belay_was_%3$s::text COLLATE "C"', c, belay.type_in(target, c), o)
            || CASE WHEN belay.is_comparable(target, c) THEN format(' AND %1$I::%2$s IS DISTINCT FROM belay_was_%3$s', c, belay.type_in(target, c), o) ELSE '' END, ' OR '), most)
          FROM unnest(columns) WITH ORDINALITY AS x(c, o) WHERE quote_ident(c) = ANY (plain)) INTO altered;
      EXCEPTION WHEN cannot_coerce OR data_exception THEN
        -- No way leads back from the one type to the other, so nothing can be compared.
        altered := 0;
      END;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'BE030', MESSAGE = 'tried';
  EXCEPTION WHEN SQLSTATE 'BE030' THEN NULL;
  END;
END $f$;

CREATE OR REPLACE FUNCTION belay.is_comparable(relation regclass, attribute name) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT EXISTS (SELECT FROM pg_attribute a JOIN pg_opclass o ON o.opcintype = a.atttypid AND o.opcdefault JOIN pg_am m ON m.oid = o.opcmethod AND m.amname = 'btree' WHERE a.attrelid = relation AND a.attname = attribute)
$f$;

-- An expression over a row: whether what was kept of it by the change goes back as it was.
CREATE OR REPLACE FUNCTION belay.comes_back(change text, target regclass, leaf regclass) RETURNS text
LANGUAGE plpgsql STABLE AS $f$
DECLARE
  one belay.image;
  called text := (SELECT quote_ident(relname) FROM pg_catalog.pg_class WHERE oid = leaf);
  said text[];
BEGIN
  FOR one IN SELECT * FROM belay.image i WHERE i.change = comes_back.change AND i.direction = 'up' AND i.is_open AND i.relation = target AND i.key IS NOT NULL AND (i.left_columns || i.key) <@ belay.row_columns(target) LOOP
    said := said || format('EXISTS (SELECT FROM belay_kept.%I k WHERE %s AND %s = k.left_as)', one.kept_as, belay.same_row(one, called), belay.hash_in(one, called));
  END LOOP;
  RETURN coalesce(array_to_string(said, ' OR '), 'false');
END $f$;

-- Converts the rows of a table, and gives how many could not be: all at once, or page by page where that stops, and of those pages row by row.
CREATE OR REPLACE FUNCTION belay.convert_rows(relation regclass, converted text, most bigint) RETURNS bigint
LANGUAGE plpgsql SET row_security = off AS $f$
DECLARE
  pages bigint := pg_catalog.pg_relation_size(relation) / current_setting('block_size')::bigint;
  page bigint := 0;
  step constant bigint := 64;
  here text;
  row_at tid;
  failed bigint := 0;
BEGIN
  BEGIN
    EXECUTE format('%s ONLY %s', converted, relation);
    RETURN 0;
  EXCEPTION WHEN data_exception OR integrity_constraint_violation OR raise_exception THEN NULL;
  END;
  WHILE page <= pages AND failed < most LOOP
    here := format('ONLY %s WHERE ctid >= %L AND ctid < %L', relation, format('(%s,0)', page), format('(%s,0)', page + step));
    BEGIN
      EXECUTE format('%s %s', converted, here);
    EXCEPTION WHEN data_exception OR integrity_constraint_violation OR raise_exception THEN
      FOR row_at IN EXECUTE format('SELECT ctid FROM %s', here) LOOP
        BEGIN
          EXECUTE format('%s ONLY %s WHERE ctid = %L', converted, relation, row_at);
        EXCEPTION WHEN data_exception OR integrity_constraint_violation OR raise_exception THEN
          failed := failed + 1;
          EXIT WHEN failed >= most;
        END;
      END LOOP;
    END;
    page := page + step;
  END LOOP;
  RETURN failed;
END $f$;
`;
