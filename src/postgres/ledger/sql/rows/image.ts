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
  key_types    text[],
  columns      name[] NOT NULL,
  column_types text[],
  left_columns name[] NOT NULL,
  sequences    jsonb NOT NULL DEFAULT '[]',
  entry        bigint,
  xid          xid NOT NULL DEFAULT pg_current_xact_id()::xid,
  is_open      boolean NOT NULL DEFAULT true
);
CREATE INDEX IF NOT EXISTS image_open_idx ON belay.image (change, direction) WHERE is_open;
ALTER TABLE belay.image ADD COLUMN IF NOT EXISTS key_types text[], ADD COLUMN IF NOT EXISTS column_types text[];
COMMENT ON TABLE belay.image IS 'Which table of belay_kept holds what a statement of a change found in the rows that it wrote.';

CREATE OR REPLACE FUNCTION belay.table_of(one belay.image) RETURNS regclass
LANGUAGE sql STABLE AS $f$ SELECT coalesce((SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid = one.relation), to_regclass(one.named))::regclass $f$;

-- The columns that hold something of their own: none that is computed, none that Belay has hidden.
CREATE OR REPLACE FUNCTION belay.row_columns(relation regclass) RETURNS name[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT array_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
  WHERE a.attrelid = row_columns.relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attname !~ '^belay_kept_[0-9]+_'
$f$;

CREATE OR REPLACE FUNCTION belay.type_in(relation regclass, attribute name) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = attribute AND NOT a.attisdropped
$f$;

-- In which types the values of columns are kept: in their own, where PostgreSQL brings those along; else as texts, so that no type of the application's is held fast by what is kept.
CREATE OR REPLACE FUNCTION belay.kept_types(relation regclass, columns name[]) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT coalesce(array_agg(CASE WHEN t.typtype = 'b' AND t.typnamespace = 'pg_catalog'::regnamespace AND t.typname !~ '^_?reg' THEN format_type(a.atttypid, a.atttypmod) ELSE 'text' END ORDER BY o), '{}')
  FROM unnest(columns) WITH ORDINALITY AS x(c, o) JOIN pg_attribute a ON a.attrelid = kept_types.relation AND a.attname = c JOIN pg_type t ON t.oid = a.atttypid
$f$;

-- Expressions, each null where there is no column: the values of a row that is called so, as they are kept, under the names that they are kept under;
CREATE OR REPLACE FUNCTION belay.kept_values(relation regclass, called text, columns name[], types text[], slot text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT string_agg(format(CASE t WHEN belay.type_in(relation, c) THEN '%1$s.%2$I' WHEN 'text' THEN '%1$s.%2$I::text' ELSE '%1$s.%2$I::text::%3$s' END || ' AS %4$s_%5$s', called, c, t, slot, o), ', ' ORDER BY o)
  FROM unnest(columns, types) WITH ORDINALITY AS x(c, t, o)
$f$;
CREATE OR REPLACE FUNCTION belay.key_values(one belay.image, called text) RETURNS text
LANGUAGE sql STABLE AS $f$ SELECT belay.kept_values(belay.table_of(one), called, one.key, one.key_types, 'key') $f$;
CREATE OR REPLACE FUNCTION belay.old_values(one belay.image, called text) RETURNS text
LANGUAGE sql STABLE AS $f$ SELECT belay.kept_values(belay.table_of(one), called, one.columns, one.column_types, 'old') $f$;
-- those names;
CREATE OR REPLACE FUNCTION belay.slots(columns name[], slot text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $f$ SELECT string_agg(format('%s_%s', slot, o), ', ' ORDER BY o) FROM unnest(columns) WITH ORDINALITY AS x(c, o) $f$;
CREATE OR REPLACE FUNCTION belay.slots_of(one belay.image) RETURNS text
LANGUAGE sql IMMUTABLE AS $f$ SELECT concat_ws(', ', belay.slots(one.key, 'key'), belay.slots(one.columns, 'old')) $f$;
-- a value that is kept, as a column has it now;
CREATE OR REPLACE FUNCTION belay.value_now(slot text, kept_type text, relation regclass, attribute name) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT CASE kept_type WHEN belay.type_in(relation, attribute) THEN slot ELSE format('(%s::text)::%s', slot, belay.type_in(relation, attribute)) END
$f$;
-- and whether a row is the one of the key in "k", and the keys of two images are one.
CREATE OR REPLACE FUNCTION belay.same_row(one belay.image, called text, kept text DEFAULT 'k') RETURNS text
LANGUAGE sql STABLE AS $f$
  SELECT string_agg(format('%s.%I = %s', called, c, belay.value_now(format('%s.key_%s', kept, o), t, belay.table_of(one), c)), ' AND ' ORDER BY o) FROM unnest(one.key, one.key_types) WITH ORDINALITY AS x(c, t, o)
$f$;
CREATE OR REPLACE FUNCTION belay.same_keys(one belay.image, called text, other belay.image, other_called text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $f$
  SELECT string_agg(format(CASE t WHEN u THEN '%1$s.key_%3$s = %2$s.key_%3$s' ELSE '%1$s.key_%3$s::text = %2$s.key_%3$s::text' END, called, other_called, o), ' AND ' ORDER BY o)
  FROM unnest(one.key_types, other.key_types) WITH ORDINALITY AS x(t, u, o)
$f$;

-- A hash over what a row holds, that tells apart all that reads differently: 64 bits (hash_record_extended, as hash partitioning and pg_upgrade rely on it). What is slow to write as text, and says nothing
-- else by itself, is taken as it is.
CREATE OR REPLACE FUNCTION belay.hash_of(relation regclass, called text, columns name[]) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT format('hash_record_extended(ROW(%s), 0)', string_agg(format(CASE WHEN a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype, 'time'::regtype) THEN '%s.%I' ELSE '%s.%I::text COLLATE "C"' END, called, c), ', ' ORDER BY o))
  FROM unnest(columns) WITH ORDINALITY AS x(c, o) JOIN pg_attribute a ON a.attrelid = hash_of.relation AND a.attname = c AND NOT a.attisdropped
$f$;
CREATE OR REPLACE FUNCTION belay.hash_in(one belay.image, called text) RETURNS text
LANGUAGE sql STABLE AS $f$ SELECT belay.hash_of(belay.table_of(one), called, one.left_columns) $f$;

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
  obstacle record;
BEGIN
  IF NOT fresh THEN
    SELECT * INTO one FROM belay.image i WHERE i.change = open_image.change AND i.direction = open_image.direction AND i.place = open_image.place AND i.relation = target AND i.is_open ORDER BY i.id DESC LIMIT 1;
    IF FOUND THEN RETURN one; END IF;
  END IF;
  UPDATE belay.image i SET is_open = false WHERE i.change = open_image.change AND i.direction = open_image.direction AND i.place = open_image.place AND i.relation = target AND i.is_open;
  SELECT * INTO obstacle FROM belay.not_kept(target, command, only_self, sets);
  IF obstacle.sentence IS NOT NULL THEN
    RAISE EXCEPTION 'Belay: %.', format(obstacle.sentence, target) USING ERRCODE = 'BE040', HINT = obstacle.hint;
  END IF;
  one.key := belay.row_key(target);
  one.left_columns := belay.row_columns(target);
  one.columns := one.left_columns;
  IF command = 'UPDATE' AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid IN (SELECT * FROM belay.leaves_of(target) UNION SELECT target) AND NOT t.tgisinternal AND t.tgtype & 1 = 1 AND t.tgtype & 2 = 2 AND t.tgtype & 16 = 16) THEN
    SELECT array_agg(c ORDER BY o) INTO one.columns FROM unnest(one.left_columns) WITH ORDINALITY AS x(c, o) WHERE c = ANY (sets::name[]);
  END IF;
  one.columns := coalesce(one.columns, '{}');
  INSERT INTO belay.image AS i (change, direction, digest, place, relation, named, kept_as, key, key_types, columns, column_types, left_columns)
    VALUES (open_image.change, open_image.direction, open_image.digest, open_image.place, target, (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target), '', one.key, belay.kept_types(target, one.key), one.columns, belay.kept_types(target, one.columns), one.left_columns) RETURNING i.* INTO one;
  UPDATE belay.image i SET kept_as = left(format('rows_%s_%s', one.id, (SELECT relname FROM pg_catalog.pg_class WHERE oid = target)), 60)::name WHERE i.id = one.id RETURNING i.* INTO one;
  -- Nobody reads it before it is given back, and then it is analyzed: autovacuum would run beside the statement, and at the end be in its way.
  EXECUTE format('CREATE TABLE belay_kept.%I (%s) WITH (autovacuum_enabled = off)', one.kept_as, concat_ws(', ', 'op "char" NOT NULL', belay.kept_slots(target, one.key, one.key_types, 'key'), belay.kept_slots(target, one.columns, one.column_types, 'old'),
    'was_xmin xid, left_as bigint, is_same boolean NOT NULL DEFAULT false', 'PRIMARY KEY (' || belay.slots(one.key, 'key') || ')'));
  -- One that is written range by range is given back so, and never gone through as a whole.
  IF in_ranges AND one.key IS NOT NULL THEN
    EXECUTE format('CREATE INDEX ON belay_kept.%I (%s) WHERE is_same', one.kept_as, belay.slots(one.key, 'key'));
    EXECUTE format('CREATE INDEX ON belay_kept.%I (op) WHERE op <> ''u''', one.kept_as);
  END IF;
  RETURN one;
END $f$;

-- Columns for what is kept, compared as the table itself compares them.
CREATE OR REPLACE FUNCTION belay.kept_slots(relation regclass, columns name[], types text[], slot text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT string_agg(format('%s_%s %s%s', slot, o, t, CASE WHEN t = belay.type_in(relation, c) AND n.nspname = 'pg_catalog' THEN format(' COLLATE %I.%I', n.nspname, l.collname) ELSE '' END), ', ' ORDER BY o)
  FROM unnest(columns, types) WITH ORDINALITY AS x(c, t, o) JOIN pg_attribute a ON a.attrelid = kept_slots.relation AND a.attname = c
    LEFT JOIN pg_collation l ON l.oid = a.attcollation LEFT JOIN pg_namespace n ON n.oid = l.collnamespace
$f$;

CREATE OR REPLACE FUNCTION belay.analyze_image(one belay.image) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
BEGIN
  EXECUTE format('ANALYZE belay_kept.%I', one.kept_as);
END $f$;

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
