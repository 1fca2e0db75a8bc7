/** What a change's statements found in the rows that they wrote, so that the way back can put it there again: the images. */
export const image = `
CREATE TABLE IF NOT EXISTS belay.image (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  change       text NOT NULL,
  direction    text NOT NULL,
  digest       text NOT NULL,
  place        integer NOT NULL,
  relation     oid NOT NULL,
  named        text NOT NULL,
  kept_as      name NOT NULL,
  key          name[],
  columns      name[] NOT NULL,
  left_columns name[] NOT NULL,
  sequences    jsonb NOT NULL DEFAULT '[]',
  entry        bigint,
  xid          xid NOT NULL DEFAULT pg_current_xact_id()::xid,
  is_open      boolean NOT NULL DEFAULT true
);
CREATE INDEX IF NOT EXISTS image_open_idx ON belay.image (change, direction) WHERE is_open;
COMMENT ON TABLE belay.image IS 'Which table of belay_kept holds what a statement of a change found in the rows that it wrote.';

-- The columns that tell a row from the others: the primary key, or the smallest unique key that is as good as one; null without.
CREATE OR REPLACE FUNCTION belay.row_key(relation regclass) RETURNS name[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT array_agg(a.attname ORDER BY k.ord) FROM pg_index i
    CROSS JOIN LATERAL (SELECT * FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS x(attnum, ord) WHERE ord <= i.indnkeyatts) AS k
    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
  WHERE i.indrelid = row_key.relation AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
  GROUP BY i.indexrelid, i.indisprimary, i.indnkeyatts HAVING bool_and(coalesce(a.attnotnull, false))
  ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1
$f$;

-- The columns that hold something of their own: none that is computed, none that Belay has hidden.
CREATE OR REPLACE FUNCTION belay.row_columns(relation regclass) RETURNS name[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT array_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
  WHERE a.attrelid = row_columns.relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attname !~ '^belay_kept_[0-9]+_'
$f$;

-- Expressions over a row that is called so: its values as texts, a hash over them, and whether it is the one of a key in "k.key".
CREATE OR REPLACE FUNCTION belay.texts_of(called text, columns name[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $f$
  SELECT CASE WHEN columns IS NULL THEN 'NULL::text[]' ELSE format('ARRAY[%s]::text[]', (SELECT string_agg(format('%s.%I::text', called, c), ', ' ORDER BY o) FROM unnest(columns) WITH ORDINALITY AS x(c, o))) END
$f$;
CREATE OR REPLACE FUNCTION belay.hash_of(called text, columns name[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $f$ SELECT format('md5(%s::text)::uuid', belay.texts_of(called, columns)) $f$;
CREATE OR REPLACE FUNCTION belay.type_in(relation regclass, attribute name) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = attribute AND NOT a.attisdropped
$f$;
CREATE OR REPLACE FUNCTION belay.same_row(relation regclass, called text, key name[]) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT string_agg(format('%s.%I = (k.key[%s])::%s', called, c, o, belay.type_in(relation, c)), ' AND ' ORDER BY o) FROM unnest(key) WITH ORDINALITY AS x(c, o)
$f$;

-- The transaction that wrote a row, as far as that can be asked for while it is written.
CREATE OR REPLACE FUNCTION belay.writer_of(called text, relation regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT CASE (SELECT relkind FROM pg_class WHERE oid = relation) WHEN 'r' THEN format('%s.xmin', called) ELSE 'NULL::xid' END
$f$;

-- The image of one statement's rows, made where it is not there yet. Of an UPDATE the columns that it sets are enough, unless a trigger may set others.
DROP FUNCTION IF EXISTS belay.open_image(text, text, text, integer, regclass, text, boolean, text[], boolean);
CREATE FUNCTION belay.open_image(change text, direction text, digest text, place integer, target regclass, command text, only_self boolean, sets text[], fresh boolean, in_ranges boolean DEFAULT false) RETURNS belay.image
LANGUAGE plpgsql AS $f$
DECLARE
  one belay.image;
  kind "char" := (SELECT relkind FROM pg_catalog.pg_class WHERE oid = target);
  pairs boolean := command IN ('UPDATE', 'UPSERT', 'MERGE');
  remedy text := 'Write the statement otherwise, or say "-- belay:keep off" at the head of the up file: then the way back cannot know what was there.';
BEGIN
  IF NOT fresh THEN
    SELECT * INTO one FROM belay.image i WHERE i.change = open_image.change AND i.direction = open_image.direction AND i.place = open_image.place AND i.relation = target AND i.is_open ORDER BY i.id DESC LIMIT 1;
    IF FOUND THEN RETURN one; END IF;
  END IF;
  UPDATE belay.image i SET is_open = false WHERE i.change = open_image.change AND i.direction = open_image.direction AND i.place = open_image.place AND i.relation = target AND i.is_open;
  IF kind NOT IN ('r', 'p') THEN
    RAISE EXCEPTION 'Belay: % is no table, so what its rows were could not be kept.', target USING ERRCODE = 'BE040', HINT = remedy;
  END IF;
  IF kind = 'r' AND NOT only_self AND command <> 'INSERT' AND EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhparent = target) THEN
    RAISE EXCEPTION 'Belay: other tables inherit from %, and its key does not hold for their rows.', target
      USING ERRCODE = 'BE040', HINT = 'Write ONLY before its name, and a statement for each of the others. ' || remedy;
  END IF;
  one.key := belay.row_key(target);
  IF pairs AND one.key IS NULL THEN
    RAISE EXCEPTION 'Belay: % has no primary key, so what its rows were could not be put back.', target USING ERRCODE = 'BE040', HINT = 'Give it one. ' || remedy;
  END IF;
  IF one.key && sets::name[] THEN
    RAISE EXCEPTION 'Belay: the statement sets a column of the key of %, so nobody could tell its rows again.', target USING ERRCODE = 'BE040', HINT = remedy;
  END IF;
  one.left_columns := belay.row_columns(target);
  one.columns := one.left_columns;
  IF command = 'UPDATE' AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid IN (SELECT * FROM belay.leaves_of(target) UNION SELECT target) AND NOT t.tgisinternal AND t.tgtype & 1 = 1 AND t.tgtype & 2 = 2 AND t.tgtype & 16 = 16) THEN
    SELECT array_agg(c ORDER BY o) INTO one.columns FROM unnest(one.left_columns) WITH ORDINALITY AS x(c, o) WHERE c = ANY (sets::name[]);
  END IF;
  INSERT INTO belay.image AS i (change, direction, digest, place, relation, named, kept_as, key, columns, left_columns)
    VALUES (open_image.change, open_image.direction, open_image.digest, open_image.place, target, (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target), '', one.key, coalesce(one.columns, '{}'), one.left_columns) RETURNING i.* INTO one;
  UPDATE belay.image i SET kept_as = left(format('rows_%s_%s', one.id, (SELECT relname FROM pg_catalog.pg_class WHERE oid = target)), 60)::name WHERE i.id = one.id RETURNING i.* INTO one;
  EXECUTE format('CREATE TABLE belay_kept.%I (op "char" NOT NULL, key text[]%s, old text[], was_xmin xid, left_as uuid, is_same boolean NOT NULL DEFAULT false, CONSTRAINT %I CHECK (op = ''i'' OR old IS NOT NULL))',
    one.kept_as, CASE WHEN one.key IS NULL OR in_ranges THEN '' ELSE ' PRIMARY KEY' END, 'what_a_row_was_is_known');
  RETURN one;
END $f$;

-- One that is written range by range has its indexes when it is whole, or before it is given back: it is never gone through as a whole.
CREATE OR REPLACE FUNCTION belay.index_image(one belay.image) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
BEGIN
  IF one.key IS NULL OR to_regclass(format('belay_kept.%I', one.kept_as || '_k')) IS NOT NULL THEN RETURN; END IF;
  EXECUTE format('CREATE INDEX %I ON belay_kept.%I (key)', one.kept_as || '_k', one.kept_as);
  EXECUTE format('CREATE INDEX ON belay_kept.%I (key) WHERE is_same', one.kept_as);
  EXECUTE format('CREATE INDEX ON belay_kept.%I (op) WHERE op <> ''u''', one.kept_as);
  EXECUTE format('ANALYZE belay_kept.%I', one.kept_as);
END $f$;

-- After the last range of a statement: nobody waits for it, and the way back need not do it.
CREATE OR REPLACE FUNCTION belay.index_images(change text, direction text) RETURNS void
LANGUAGE sql AS $f$
  SELECT belay.index_image(i) FROM belay.image i WHERE i.change = index_images.change AND i.direction = index_images.direction AND i.is_open AND to_regclass(format('belay_kept.%I_pkey', i.kept_as)) IS NULL
    AND to_regclass(format('belay_kept.%I', i.kept_as)) IS NOT NULL
$f$;

-- Says in the ledger that the image is there; one without a row goes again. Gives its rows.
CREATE OR REPLACE FUNCTION belay.note_image(one belay.image) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
DECLARE
  kept bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM belay_kept.%I', one.kept_as) INTO kept;
  IF kept = 0 AND one.sequences = '[]' THEN
    EXECUTE format('DROP TABLE belay_kept.%I', one.kept_as);
    DELETE FROM belay.image i WHERE i.id = one.id;
  ELSIF one.entry IS NULL THEN
    PERFORM belay.enter_image(one, kept);
  END IF;
  RETURN kept;
END $f$;

CREATE OR REPLACE FUNCTION belay.enter_image(one belay.image, kept bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
DECLARE
  seq bigint;
BEGIN
  seq := belay.append('kept', NULL, one.change, belay.operator(), jsonb_build_object('how', 'rows', 'direction', one.direction, 'digest', one.digest, 'keptAs', one.kept_as,
    'objects', jsonb_build_array('rows of ' || one.named), 'purge', jsonb_build_array(format('DROP TABLE IF EXISTS belay_kept.%I', one.kept_as)),
    'parts', jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('table', one.named, 'keptAs', one.kept_as, 'rows', kept)) || jsonb_build_object('column', NULL))));
  UPDATE belay.image i SET entry = seq WHERE i.id = one.id;
END $f$;
`;
