/** Values that a change drops are kept, and put back. */
export const keeping = `
CREATE OR REPLACE FUNCTION belay.key_of(relation regclass) RETURNS name[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT array_agg(a.attname ORDER BY k.ord)
  FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord), pg_attribute a
  WHERE i.indrelid = relation AND i.indisprimary AND a.attrelid = relation AND a.attnum = k.attnum
$f$;

-- Which rows of a column have something to keep, as a condition: those that have a value, and all where the column could fill the others when it is made again.
CREATE OR REPLACE FUNCTION belay.rows_to_keep(relation regclass, attribute name) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT CASE WHEN a.attgenerated <> '' THEN 'false' WHEN a.atthasdef THEN 'true' ELSE format('%I IS NOT NULL', a.attname) END
  FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = attribute AND NOT a.attisdropped
$f$;

-- What makes the kept values those of their place again, where they had to become texts.
CREATE OR REPLACE FUNCTION belay.cast_between(kept_in regclass, kept_as name, relation regclass, wanted name) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT CASE WHEN k.atttypid = 'text'::regtype AND a.atttypid <> k.atttypid THEN '::' || format_type(a.atttypid, a.atttypmod) ELSE '' END
  FROM pg_attribute k, pg_attribute a WHERE k.attrelid = kept_in AND k.attname = kept_as AND a.attrelid = relation AND a.attname = wanted
$f$;

-- Which half of a change was under way when something was kept.
CREATE OR REPLACE FUNCTION belay.direction_of(kept belay.journal) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT coalesce(kept.body ->> 'direction', CASE WHEN kept.kind = 'settled' OR (SELECT j.kind <> 'reverted' FROM belay.journal j
    WHERE j.change = kept.change AND j.seq < kept.seq AND (j.kind IN ('applied', 'reverted') OR j.kind = 'change-started' AND j.body ->> 'direction' = 'down')
    ORDER BY j.seq DESC LIMIT 1) THEN 'down' ELSE 'up' END)
$f$;

-- Where a sequence stands that belongs to a column; null where there is none, or it has given no value yet.
CREATE OR REPLACE FUNCTION belay.place_of_sequence(relation text, attribute name) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $f$
DECLARE
  place bigint;
BEGIN
  IF pg_get_serial_sequence(relation, attribute) IS NOT NULL THEN
    EXECUTE format('SELECT last_value FROM %s WHERE is_called', pg_get_serial_sequence(relation, attribute)) INTO place;
  END IF;
  RETURN place;
END $f$;

-- Lets the sequence of a column that was made anew go on after the largest value that a row has.
CREATE OR REPLACE FUNCTION belay.continue_sequence(relation regclass, attribute name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog SET row_security = off AS $f$
DECLARE
  sequence text := pg_get_serial_sequence(relation::text, attribute);
BEGIN
  IF sequence IS NULL OR (SELECT s.seqincrement < 0 FROM pg_sequence s WHERE s.seqrelid = sequence::regclass) THEN RETURN; END IF;
  EXECUTE format('SELECT setval(%1$L, max(t.%2$I)) FROM %3$s t, %1$s s GROUP BY s.last_value, s.is_called HAVING max(t.%2$I) >= s.last_value + s.is_called::int', sequence, attribute, relation);
END $f$;

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
    condition := ' WHERE ' || belay.rows_to_keep(relation, wanted);
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
    'column', wanted, 'keptAs', kept_name, 'rows', kept_rows, 'key', key, 'sequence', belay.place_of_sequence(relation::text, wanted)));
END $f$;

CREATE OR REPLACE FUNCTION belay.restore(change text, relation regclass, wanted name, strict boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog SET row_security = off AS $f$
DECLARE
  kept_seq bigint;
  kept jsonb;
  matching text;
  columns text;
  assignments text;
  restored bigint;
  updated bigint := 0;
  quiet pg_trigger[];
  silenced pg_trigger;
  key name[] := belay.key_of(relation);
  generator record;
  place record;
BEGIN
  SELECT attname, attidentity, attgenerated INTO place FROM pg_attribute WHERE attrelid = relation AND attname = wanted AND NOT attisdropped;
  IF wanted IS NOT NULL AND place.attname IS NULL THEN RETURN; END IF;
  SELECT j.seq, p.part INTO kept_seq, kept FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, belay.journal j,
      jsonb_array_elements(coalesce(j.body -> 'parts', jsonb_build_array(j.body))) AS p(part)
    WHERE c.oid = relation AND j.change = restore.change AND j.kind IN ('kept', 'settled') AND j.body ->> 'how' IS DISTINCT FROM 'rows'
      -- What this half itself has kept is what stood here before, under the same name.
      AND belay.direction_of(j) = CASE WHEN strict THEN 'up' ELSE 'down' END
      AND p.part ->> 'table' = format('%I.%I', n.nspname, c.relname) AND p.part ->> 'column' IS NOT DISTINCT FROM wanted::text
      AND CASE WHEN p.part ? 'isHidden' AND wanted IS NOT NULL THEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = p.part ->> 'keptAs' AND NOT a.attisdropped)
        ELSE to_regclass(format('belay_kept.%I', p.part ->> 'keptAs')) IS NOT NULL END
      AND NOT EXISTS (SELECT FROM belay.journal r WHERE r.change = j.change AND r.kind IN ('restored', 'settled', 'purged')
        AND (r.body ->> 'keptAs' = p.part ->> 'keptAs' OR (r.body ->> 'kept')::bigint = j.seq) AND r.seq > j.seq)
    ORDER BY j.seq DESC LIMIT 1;
  IF kept IS NULL THEN RETURN; END IF;
  -- What is put back was there before: no trigger of the application is to see it as news.
  SELECT array_agg(t ORDER BY t.tgname) INTO quiet FROM pg_trigger t WHERE t.tgrelid = relation AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A');
  FOREACH silenced IN ARRAY coalesce(quiet, '{}') LOOP
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', relation, silenced.tgname);
  END LOOP;
  IF place.attidentity = 'a' THEN
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET GENERATED BY DEFAULT', relation, wanted);
  END IF;
  IF place.attgenerated <> '' THEN
    NULL; -- It has its values from other columns.
  ELSIF wanted IS NOT NULL AND kept ? 'isHidden' THEN
    EXECUTE format('UPDATE %s SET %I = %I%s WHERE %s', relation, wanted, kept ->> 'keptAs', belay.cast_between(relation, (kept ->> 'keptAs')::name, relation, wanted), belay.rows_to_keep(relation, (kept ->> 'keptAs')::name));
  ELSIF wanted IS NOT NULL THEN
    SELECT string_agg(format('t.%1$I = k.%1$I', c), ' AND ') INTO matching
      FROM jsonb_array_elements_text(CASE jsonb_typeof(kept -> 'key') WHEN 'array' THEN kept -> 'key' ELSE '[]' END) AS x(c);
    IF matching IS NULL AND strict THEN
      RAISE EXCEPTION 'Belay: the values of % cannot be put back into %: it has no primary key to find their rows by.', wanted, relation
        USING ERRCODE = 'BE007', HINT = format('They are kept in belay_kept.%I.', kept ->> 'keptAs');
    ELSIF matching IS NULL THEN
      RETURN;
    END IF;
    EXECUTE format('UPDATE %1$s t SET %2$I = k.%2$I%5$s FROM belay_kept.%3$I k WHERE %4$s AND t.%2$I::text IS DISTINCT FROM k.%2$I::text',
      relation, wanted, kept ->> 'keptAs', matching, belay.cast_between(format('belay_kept.%I', kept ->> 'keptAs')::regclass, wanted, relation, wanted));
  ELSE
    SELECT string_agg(quote_ident(a.attname), ', ') INTO columns
      FROM pg_attribute a JOIN pg_attribute k ON k.attname = a.attname AND k.attnum > 0 AND NOT k.attisdropped
        AND k.attrelid = to_regclass(format('belay_kept.%I', kept ->> 'keptAs'))
      WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';
    -- Rows that the change brings along are there again: what people made of them since goes before them.
    SELECT string_agg(format('%1$I = k.%1$I', a.attname), ', ') INTO assignments
      FROM pg_attribute a JOIN pg_attribute k ON k.attname = a.attname AND k.attnum > 0 AND NOT k.attisdropped
        AND k.attrelid = to_regclass(format('belay_kept.%I', kept ->> 'keptAs'))
      WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a'
        AND NOT a.attname = ANY (coalesce(key, '{}'));
    IF key IS NOT NULL AND assignments IS NOT NULL THEN
      SELECT string_agg(format('t.%1$I = k.%1$I', c), ' AND ') INTO matching FROM unnest(key) AS x(c);
      EXECUTE format('UPDATE %1$s t SET %2$s FROM belay_kept.%3$I k WHERE %4$s', relation, assignments, kept ->> 'keptAs', matching);
      GET DIAGNOSTICS updated = ROW_COUNT;
    END IF;
    EXECUTE format('INSERT INTO %1$s (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM belay_kept.%3$I ON CONFLICT DO NOTHING',
      relation, columns, kept ->> 'keptAs');
  END IF;
  GET DIAGNOSTICS restored = ROW_COUNT;
  restored := restored + updated;
  FOREACH silenced IN ARRAY coalesce(quiet, '{}') LOOP
    EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', relation, CASE silenced.tgenabled WHEN 'A' THEN 'ALWAYS' ELSE '' END, silenced.tgname);
  END LOOP;
  IF place.attidentity = 'a' THEN
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET GENERATED ALWAYS', relation, wanted);
  END IF;
  IF strict AND wanted IS NULL AND restored < (kept ->> 'rows')::bigint THEN
    RAISE EXCEPTION 'Belay: only % of % rows could be put back into %.', restored, kept ->> 'rows', relation
      USING ERRCODE = 'BE008', HINT = format('They are kept in belay_kept.%I.', kept ->> 'keptAs');
  END IF;
  FOR generator IN SELECT pg_get_serial_sequence(relation::text, a.attname) AS sequence, a.attname FROM pg_attribute a
    WHERE coalesce(a.attname = wanted, true) AND a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
      AND pg_get_serial_sequence(relation::text, a.attname) IS NOT NULL
  LOOP
    EXECUTE format('SELECT setval(%1$L, greatest((SELECT max(%2$I) FROM %3$s), (SELECT last_value FROM %1$s), %4$L::bigint)::bigint) WHERE %4$L IS NOT NULL OR EXISTS (SELECT FROM %3$s)',
      generator.sequence, generator.attname, relation, CASE WHEN wanted IS NOT NULL AND kept ? 'isHidden' THEN belay.place_of_sequence(relation::text, (kept ->> 'keptAs')::name)::text ELSE kept ->> 'sequence' END);
  END LOOP;
  IF wanted IS NOT NULL AND kept ? 'isHidden' THEN
    EXECUTE format('ALTER TABLE %s DROP COLUMN %I', relation, kept ->> 'keptAs');
  END IF;
  PERFORM belay.append('restored', NULL, change, belay.operator(), jsonb_build_object('kept', CASE WHEN kept ? 'isHidden' AND wanted IS NULL THEN NULL ELSE kept_seq END,
    'keptAs', kept ->> 'keptAs', 'rows', restored));
END $f$;
`;
