import { nextBatchSizeSql } from "../../../plan/batch-size.js";

/** How often the journal notes how far a batched statement is, in seconds: the watermark itself moves with each batch. */
const noteEverySeconds = 30;

/**
 * Statements that run in batches. Where one stands is in `belay.watermark`, a row that is overwritten in each batch's own transaction: what the batch wrote and
 * how far it came are one. The journal says that it began, now and then how far it was, and that it ended: an entry for each batch would be 20,000 of them for
 * 100 million rows, which every later command would read. The row goes when the change is applied or taken back as a whole.
 */
export const batching = `
CREATE TABLE IF NOT EXISTS belay.watermark (
  change     text NOT NULL,
  direction  text NOT NULL CHECK (direction IN ('up', 'down')),
  section    integer NOT NULL,
  entry      bigint NOT NULL,
  relation   oid NOT NULL,
  key        text[] NOT NULL,
  types      text[] NOT NULL,
  collations text[] NOT NULL,
  operators  text NOT NULL,
  passed     text[],
  last       text[],
  about      bigint,
  seen       bigint NOT NULL DEFAULT 0,
  changed    bigint NOT NULL DEFAULT 0,
  batches    bigint NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  noted_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (change, direction, section)
) WITH (fillfactor = 20);
COMMENT ON TABLE belay.watermark IS 'How far a statement that runs in batches has come: the rows up to the key "passed" are done. Only while its change is half-way.';

CREATE OR REPLACE FUNCTION belay.drop_watermarks() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
BEGIN
  DELETE FROM belay.watermark w WHERE w.change = NEW.change;
  RETURN NULL;
END $f$;
CREATE OR REPLACE TRIGGER drop_watermarks AFTER INSERT ON belay.journal
  FOR EACH ROW WHEN (NEW.kind IN ('applied', 'reverted')) EXECUTE FUNCTION belay.drop_watermarks();

DROP FUNCTION IF EXISTS belay.next_batch_size(integer, float8);
CREATE OR REPLACE FUNCTION belay.next_batch_size(size integer, work_ms float8, about float8) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $f$
  SELECT ${nextBatchSizeSql("size", "work_ms", "about")}
$f$;

-- A key by which rows can be ordered and told apart: of a whole, valid unique index over columns that are never null, in the order that the index has. Its
-- operators are called by their schema: in another order than the index's, rows would be passed over.
CREATE OR REPLACE FUNCTION belay.batch_key(target regclass, wanted text[], sets text[], OUT key text[], OUT types text[], OUT collations text[], OUT operators text)
RETURNS record LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT array_agg(quote_ident(a.attname) ORDER BY k.ord), array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY k.ord),
    array_agg(CASE WHEN k.coll IN (0, a.attcollation) THEN '' ELSE format(' COLLATE %I.%I', n.nspname, c.collname) END ORDER BY k.ord),
    min(quote_ident(s.nspname))
  FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_am am ON am.oid = ic.relam AND am.amname = 'btree'
  CROSS JOIN LATERAL (SELECT * FROM unnest(i.indkey::int2[], i.indcollation::oid[], i.indclass::oid[], i.indoption::int2[])
    WITH ORDINALITY AS x(attnum, coll, class, option, ord) WHERE ord <= i.indnkeyatts) k
  LEFT JOIN pg_attribute a ON a.attrelid = target AND a.attnum = k.attnum AND k.attnum > 0
  LEFT JOIN pg_collation c ON c.oid = k.coll LEFT JOIN pg_namespace n ON n.oid = c.collnamespace
  JOIN pg_opclass o ON o.oid = k.class
  LEFT JOIN pg_amop g ON g.amopfamily = o.opcfamily AND g.amoplefttype = o.opcintype AND g.amoprighttype = o.opcintype AND g.amopstrategy = 5
  LEFT JOIN pg_operator r ON r.oid = g.amopopr AND r.oprname = '>' LEFT JOIN pg_namespace s ON s.oid = r.oprnamespace
  WHERE i.indrelid = target AND i.indisunique AND i.indisvalid AND i.indisready AND i.indimmediate AND i.indpred IS NULL
  GROUP BY i.indexrelid, i.indisprimary, i.indnkeyatts, ic.relname
  HAVING bool_and(coalesce(a.attnotnull AND a.attgenerated = '' AND o.opcdefault AND s.nspname IS NOT NULL
      AND NOT EXISTS (SELECT FROM pg_constraint v WHERE v.conrelid = target AND v.contype = 'n' AND v.conkey[1] = a.attnum AND NOT v.convalidated), false))
    AND count(DISTINCT k.option & 1) = 1 AND count(DISTINCT s.oid) = 1
    AND NOT array_agg(a.attname::text) && coalesce(sets, '{}')
    AND (wanted IS NULL OR (array_agg(a.attname::text) @> wanted AND array_agg(a.attname::text) <@ wanted))
  ORDER BY i.indisprimary DESC, i.indnkeyatts, ic.relname LIMIT 1
$f$;

-- The rows after "after" (null: from the first) up to and including "upto", as a condition on the table that is called "called".
CREATE OR REPLACE FUNCTION belay.batch_range(mark belay.watermark, called text, after text[], upto text[]) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT CASE WHEN after IS NULL THEN '' ELSE format('(%s) OPERATOR(%s.>) (%s) AND ', columns, mark.operators, (SELECT string_agg(format('%L::%s', v, t), ', ' ORDER BY o) FROM unnest(after, mark.types) WITH ORDINALITY AS x(v, t, o))) END
    || format('(%s) OPERATOR(%s.<=) (%s)', columns, mark.operators, (SELECT string_agg(format('%L::%s', v, t), ', ' ORDER BY o) FROM unnest(upto, mark.types) WITH ORDINALITY AS x(v, t, o)))
  FROM (SELECT string_agg(called || '.' || k || c, ', ' ORDER BY o) AS columns FROM unnest(mark.key, mark.collations) WITH ORDINALITY AS x(k, c, o)) AS y
$f$;

-- The key of a row at a place in the table's order, in the output format that every session reads alike; null where there is none.
CREATE OR REPLACE FUNCTION belay.batch_key_at(mark belay.watermark, only_self boolean, condition text, descending boolean, skip bigint) RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog SET datestyle = 'ISO, YMD' SET intervalstyle = 'iso_8601' SET timezone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' AS $f$
DECLARE
  found_key text[];
BEGIN
  EXECUTE (SELECT format('SELECT ARRAY[%s] FROM %s %s AS belay_batch WHERE %s ORDER BY %s OFFSET %s LIMIT 1',
      string_agg(format('format(''%%s'', belay_batch.%s)', k), ', ' ORDER BY o), CASE WHEN only_self THEN 'ONLY' ELSE '' END, mark.relation::regclass, condition,
      string_agg('belay_batch.' || k || c || CASE WHEN descending THEN ' DESC' ELSE '' END, ', ' ORDER BY o), skip)
    FROM unnest(mark.key, mark.collations) WITH ORDINALITY AS x(k, c, o)) INTO found_key;
  RETURN found_key;
END $f$;

CREATE OR REPLACE FUNCTION belay.leaves_of(target regclass) RETURNS SETOF regclass
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT target WHERE (SELECT relkind FROM pg_class WHERE oid = target) <> 'p' UNION ALL SELECT p.relid FROM pg_partition_tree(target) AS p WHERE p.isleaf
$f$;

-- Without statistics the planner may read the whole table for each batch, and nobody can tell how many rows there are.
CREATE OR REPLACE FUNCTION belay.analyze_bare(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
DECLARE
  bare regclass;
BEGIN
  FOR bare IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid IN (SELECT * FROM belay.leaves_of(target)) AND c.relkind = 'r' AND pg_relation_size(c.oid) > 0
      AND (c.reltuples <= 0 OR NOT EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname))
  LOOP
    EXECUTE format('ANALYZE (SKIP_LOCKED) %s', bare);
  END LOOP;
END $f$;

-- Refuses what cannot be cut into ranges: the statement's text was looked at before, this is what only the catalog knows.
CREATE OR REPLACE FUNCTION belay.refuse_batch(target regclass, batch jsonb) RETURNS void
LANGUAGE plpgsql STABLE AS $f$
DECLARE
  kind "char" := (SELECT relkind FROM pg_catalog.pg_class WHERE oid = target);
  read record;
BEGIN
  IF kind NOT IN ('r', 'p') THEN
    RAISE EXCEPTION 'Belay: % is no table, so its rows cannot be updated in batches.', target
      USING ERRCODE = 'BE020', HINT = 'Name the table itself.';
  END IF;
  IF kind = 'r' AND NOT (batch ->> 'only')::boolean AND EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhparent = target) THEN
    RAISE EXCEPTION 'Belay: other tables inherit from %, and its key does not hold for their rows.', target
      USING ERRCODE = 'BE020', HINT = 'Write ONLY before its name, and a statement for each of the others.';
  END IF;
  FOR read IN SELECT named, to_regclass(named) AS found FROM jsonb_array_elements_text(batch -> 'reads') AS x(named) LOOP
    IF (SELECT relkind FROM pg_catalog.pg_class WHERE oid = read.found) = 'v' THEN
      RAISE EXCEPTION 'Belay: the statement reads the view %, which may show rows of % that an earlier batch has written.', read.named, target
        USING ERRCODE = 'BE020', HINT = 'Read the tables themselves.';
    END IF;
    IF EXISTS (WITH RECURSIVE family(oid) AS (SELECT target::oid UNION
        SELECT CASE i.inhrelid WHEN f.oid THEN i.inhparent ELSE i.inhrelid END FROM pg_catalog.pg_inherits i JOIN family f ON f.oid IN (i.inhrelid, i.inhparent))
      SELECT FROM family WHERE oid = read.found) THEN
      RAISE EXCEPTION 'Belay: the statement reads %, the table that it writes, and a later batch would see there what an earlier one has written.', read.named
        USING ERRCODE = 'BE020', HINT = 'Keep what it reads in a table of its own first.';
    END IF;
  END LOOP;
END $f$;

-- Where a batched section stands: its watermark, made where it begins. "limited_by" is the section of a way forward that was cut off: only what that passed is gone through.
CREATE OR REPLACE FUNCTION belay.begin_batches(change text, direction text, section integer, batch jsonb, limited_by integer, rollout text, actor text, claimed bigint DEFAULT NULL)
RETURNS belay.watermark LANGUAGE plpgsql AS $f$
DECLARE
  target regclass := to_regclass(batch ->> 'relation');
  wanted text[] := (SELECT array_agg(k) FROM jsonb_array_elements_text(CASE jsonb_typeof(batch -> 'key') WHEN 'array' THEN batch -> 'key' ELSE '[]' END) AS x(k));
  sets text[] := (SELECT array_agg(c) FROM jsonb_array_elements_text(batch -> 'sets') AS x(c));
  begun bigint := (SELECT max(j.seq) FROM belay.journal j WHERE j.change = begin_batches.change AND j.kind = 'change-started');
  noted bigint;
  mark belay.watermark;
  forth belay.watermark;
BEGIN
  IF target IS NULL THEN
    RAISE EXCEPTION 'relation % does not exist', batch ->> 'relation' USING ERRCODE = 'undefined_table';
  END IF;
  SELECT * INTO mark FROM belay.watermark w
    WHERE w.change = begin_batches.change AND w.direction = begin_batches.direction AND w.section = begin_batches.section AND w.entry > begun FOR UPDATE;
  IF FOUND THEN
    noted := (SELECT max((j.body ->> 'batches')::bigint) FROM belay.journal j
      WHERE j.change = begin_batches.change AND j.seq > mark.entry AND j.kind = 'batches-passed' AND (j.body ->> 'section')::integer = begin_batches.section);
    IF mark.relation <> target OR mark.batches < noted THEN
      RAISE EXCEPTION 'Belay: belay.watermark does not fit the journal of %: somebody has written into it, or the table was replaced.', change
        USING ERRCODE = 'BE021', HINT = 'Nobody can tell which rows are done. Look at belay.watermark and at "belay history".';
    END IF;
    RETURN mark;
  END IF;
  PERFORM belay.refuse_batch(target, batch);
  mark.relation := target;
  -- Here no row is locked yet, and the ranges are found by what the statistics say.
  PERFORM belay.analyze_image(i) FROM jsonb_array_elements_text(batch -> 'returns') AS p, belay.images_for(change, direction, batch ->> 'digest', p::integer) AS i;
  IF limited_by IS NULL THEN
    SELECT k.* INTO mark.key, mark.types, mark.collations, mark.operators FROM belay.batch_key(target, wanted, sets) AS k;
    IF mark.key IS NULL THEN
      RAISE EXCEPTION 'Belay: % has no key by which the statement could run in batches%.', target,
          CASE WHEN wanted IS NOT NULL THEN ' over ' || array_to_string(wanted, ', ') WHEN sets IS NOT NULL THEN ' and whose columns it leaves alone' ELSE '' END
        USING ERRCODE = 'BE022', HINT = 'It wants a primary key, or a valid unique index over columns that are NOT NULL: not partial, not deferrable, not over expressions.';
    END IF;
    PERFORM belay.analyze_bare(target);
    mark.last := belay.batch_key_at(mark, (batch ->> 'only')::boolean, 'true', true, 0);
    mark.about := (SELECT sum(c.reltuples::float8) FILTER (WHERE c.reltuples >= 0) FROM pg_catalog.pg_class c
      WHERE c.oid IN (SELECT * FROM belay.leaves_of(target)));
  ELSE
    SELECT * INTO forth FROM belay.watermark w WHERE w.change = begin_batches.change AND w.direction = 'up' AND w.section = limited_by;
    IF NOT FOUND OR forth.relation <> target THEN
      RAISE EXCEPTION 'Belay: nobody can tell which rows of % the way forward of % has changed: its watermark is gone.', target, change USING ERRCODE = 'BE021';
    END IF;
    IF forth.key && (SELECT array_agg(quote_ident(c)) FROM unnest(sets) AS x(c)) THEN
      RAISE EXCEPTION 'Belay: the way back sets a column of the key by which the way forward ran: %.', array_to_string(forth.key, ', ') USING ERRCODE = 'BE022';
    END IF;
    mark.key := forth.key; mark.types := forth.types; mark.collations := forth.collations; mark.operators := forth.operators;
    mark.last := forth.passed;
    mark.about := forth.seen;
  END IF;
  mark.entry := belay.append('batches-started', rollout, change, actor, jsonb_build_object(
    'direction', direction, 'section', section, 'relation', target::text, 'key', mark.key, 'aboutRows', mark.about), claimed);
  INSERT INTO belay.watermark AS w (change, direction, section, entry, relation, key, types, collations, operators, last, about)
    VALUES (begin_batches.change, begin_batches.direction, begin_batches.section, mark.entry, mark.relation, mark.key, mark.types, mark.collations, mark.operators,
      mark.last, mark.about)
    ON CONFLICT ON CONSTRAINT watermark_pkey DO UPDATE SET entry = excluded.entry, relation = excluded.relation, key = excluded.key, types = excluded.types,
      collations = excluded.collations, operators = excluded.operators, passed = NULL, last = excluded.last, about = excluded.about, seen = 0, changed = 0, batches = 0,
      started_at = excluded.started_at, noted_at = excluded.noted_at
    RETURNING w.* INTO mark;
  RETURN mark;
END $f$;

-- Runs the next batch over "size" rows of the key, and moves the watermark with it. It sets nothing: the author's statement runs under the session's own settings.
CREATE OR REPLACE FUNCTION belay.run_batch(change text, direction text, section integer, batch jsonb, size integer, rollout text, actor text, claimed bigint DEFAULT NULL,
  OUT finished boolean, OUT seen_rows bigint, OUT changed_rows bigint, OUT took_ms float8)
RETURNS record LANGUAGE plpgsql AS $f$
DECLARE
  mark belay.watermark;
  started timestamptz := clock_timestamp();
  only_self boolean := (batch ->> 'only')::boolean;
  upto text[];
  rows_here bigint := size;
  touched bigint;
  one belay.image;
  returns integer[] := ARRAY(SELECT p::integer FROM jsonb_array_elements_text(batch -> 'returns') AS p);
  sets name[] := ARRAY(SELECT jsonb_array_elements_text(batch -> 'sets'));
  unchanged tid[];
  comes_back boolean := false;
  range text;
BEGIN
  SELECT * INTO STRICT mark FROM belay.watermark w
    WHERE w.change = run_batch.change AND w.direction = run_batch.direction AND w.section = run_batch.section FOR UPDATE;
  IF coalesce(claimed, nullif(current_setting('belay.epoch', true), '')::bigint) IS DISTINCT FROM (SELECT h.epoch FROM belay.head h) THEN
    RAISE EXCEPTION 'Belay: this is no longer the operator of database "%".', current_database() USING ERRCODE = 'BE009', HINT = 'Look at "belay status".';
  END IF;
  IF mark.last IS NOT NULL AND mark.passed IS DISTINCT FROM mark.last THEN
    upto := belay.batch_key_at(mark, only_self, belay.batch_range(mark, 'belay_batch', mark.passed, mark.last), false, size - 1);
    IF upto IS NULL THEN
      upto := mark.last;
      EXECUTE format('SELECT count(*) FROM %s %s AS belay_batch WHERE %s', CASE WHEN only_self THEN 'ONLY' ELSE '' END, mark.relation::regclass,
        belay.batch_range(mark, 'belay_batch', mark.passed, upto)) INTO rows_here;
    END IF;
    range := belay.batch_range(mark, batch ->> 'as', mark.passed, upto);
    IF EXISTS (SELECT FROM unnest(returns) AS p, belay.images_for(change, direction, batch ->> 'digest', p)) THEN
      unchanged := belay.return_unchanged(change, direction, batch ->> 'digest', returns, ' AND ' || belay.batch_range(mark, 't', mark.passed, upto), sets);
      IF unchanged IS NULL THEN
        comes_back := true;
        PERFORM belay.compare_range(change, direction, batch ->> 'digest', p, ' AND ' || belay.batch_range(mark, 't', mark.passed, upto)) FROM unnest(returns) AS p;
      ELSE
        range := format('%s AND NOT %s.ctid = ANY ($1)', range, batch ->> 'as');
      END IF;
    END IF;
    IF batch ? 'image' THEN
      one := belay.open_image(change, direction, batch ->> 'digest', (batch ->> 'place')::integer, mark.relation::regclass, batch -> 'image' ->> 'command', only_self, sets::text[], mark.passed IS NULL, true);
      touched := belay.write_rows(one, batch -> 'image', ' AND ' || range, unchanged);
      IF one.entry IS NULL THEN PERFORM belay.enter_image(one, NULL); END IF;
    ELSE
      EXECUTE (batch ->> 'head') || ' ' || range USING unchanged;
      GET DIAGNOSTICS touched = ROW_COUNT;
    END IF;
    IF comes_back THEN PERFORM belay.return_range(change, direction, batch ->> 'digest', p) FROM unnest(returns) AS p; END IF;
    IF upto = mark.last THEN PERFORM belay.spare_all(change, direction, batch ->> 'digest', p) FROM unnest(returns) AS p; END IF;
    mark.passed := upto;
    mark.seen := mark.seen + rows_here;
    mark.changed := mark.changed + touched + coalesce(cardinality(unchanged), 0);
    mark.batches := mark.batches + 1;
    IF upto = mark.last OR clock_timestamp() - mark.noted_at > interval '${noteEverySeconds} seconds' THEN
      mark.noted_at := clock_timestamp();
      PERFORM belay.append('batches-passed', rollout, change, actor, jsonb_build_object('direction', direction, 'section', section,
        'batches', mark.batches, 'seenRows', mark.seen, 'changedRows', mark.changed, 'finished', upto = mark.last), claimed);
    END IF;
    UPDATE belay.watermark w SET passed = mark.passed, seen = mark.seen, changed = mark.changed, batches = mark.batches, noted_at = mark.noted_at
      WHERE w.change = run_batch.change AND w.direction = run_batch.direction AND w.section = run_batch.section;
  END IF;
  finished := mark.last IS NULL OR mark.passed = mark.last;
  seen_rows := mark.seen;
  changed_rows := mark.changed;
  took_ms := extract(epoch FROM clock_timestamp() - started) * 1000;
END $f$;
`;
