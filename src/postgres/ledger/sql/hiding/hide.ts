/** Hides what a statement would drop, and brings it back. */
export const hide = `
-- In place of a statement that drops: whatever that would take along is hidden instead, and refused where the statement itself would be. What cannot be hidden is
-- dropped, the values of its tables and columns copied.
CREATE OR REPLACE FUNCTION belay.hide(change text, direction text, digest text, statement text, wanted jsonb) RETURNS void
LANGUAGE plpgsql AS $f$
DECLARE
  seq bigint := (SELECT h.seq + 1 FROM belay.head h);
  classes oid[]; objects oid[]; parts integer[];
  members text[]; found_parts jsonb; found jsonb;
  sql text;
BEGIN
  SELECT array_agg(f.classid), array_agg(f.objid), array_agg(f.objsubid) INTO classes, objects, parts FROM belay.family_of(wanted) AS f;
  BEGIN
    -- What is hidden already must not stand in the way of what it uses: that it is hidden is nobody's business.
    FOR sql IN SELECT k.sql FROM unnest(classes, objects, parts) AS f(c, o, p), LATERAL belay.drop_hidden(f.c, f.o, f.p) AS k(sql) WHERE k.sql IS NOT NULL LOOP
      EXECUTE sql;
    END LOOP;
    SELECT array_agg(f.c), array_agg(f.o), array_agg(f.p) INTO classes, objects, parts FROM unnest(classes, objects, parts) AS f(c, o, p) WHERE NOT belay.is_gone(f.c, f.o, f.p);
    EXECUTE statement;
    SELECT array_agg(f.c), array_agg(f.o), array_agg(f.p) INTO classes, objects, parts FROM unnest(classes, objects, parts) AS f(c, o, p) WHERE belay.is_gone(f.c, f.o, f.p);
    RAISE EXCEPTION USING ERRCODE = 'BE030', MESSAGE = 'tried';
  EXCEPTION WHEN SQLSTATE 'BE030' THEN NULL;
  END;
  IF classes IS NULL THEN
    EXECUTE statement;
    RETURN;
  END IF;
  SELECT jsonb_agg(to_jsonb(h) ORDER BY h.place, h.object COLLATE "C") INTO found FROM belay.hiding(seq, classes, objects, parts) AS h;
  IF EXISTS (SELECT FROM jsonb_array_elements(found) AS h WHERE h -> 'act' = 'null') THEN
    PERFORM belay.keep(change, (p ->> 'table')::regclass, (p ->> 'column')::name) FROM belay.hidden_parts(seq, classes, objects, parts) AS p;
    PERFORM belay.free(wanted);
    EXECUTE statement;
    RETURN;
  END IF;
  -- Where each lies, and what it is called, while it can still be told by its name.
  members := belay.keys_of(current_schema(), classes, objects, parts);
  SELECT jsonb_agg(p) INTO found_parts FROM belay.hidden_parts(seq, classes, objects, parts) AS p;
  FOR sql IN SELECT a.text FROM jsonb_array_elements(found) WITH ORDINALITY AS h(body, o), jsonb_array_elements_text(h.body -> 'act') WITH ORDINALITY AS a(text, o) ORDER BY h.o, a.o LOOP
    EXECUTE sql;
  END LOOP;
  PERFORM belay.append('kept', NULL, change, belay.operator(), jsonb_build_object(
    'how', 'hidden', 'direction', direction, 'digest', digest,
    'keys', (SELECT jsonb_agg(w ->> 'key') FROM jsonb_array_elements(wanted) AS w),
    'members', to_jsonb(members),
    'objects', (SELECT jsonb_agg(h ->> 'object') FROM jsonb_array_elements(found) AS h WHERE h ->> 'object' IS NOT NULL),
    'parts', coalesce(found_parts, '[]'),
    'back', (SELECT coalesce(jsonb_agg(b.text ORDER BY h.o DESC, b.o), '[]') FROM jsonb_array_elements(found) WITH ORDINALITY AS h(body, o), jsonb_array_elements_text(h.body -> 'back') WITH ORDINALITY AS b(text, o)),
    'validate', belay.texts_in(found, 'validate'), 'complete', belay.texts_in(found, 'complete'),
    'purge', (SELECT coalesce(jsonb_agg(h -> 'purge'), '[]') FROM jsonb_array_elements(found) AS h WHERE h ->> 'purge' IS NOT NULL),
    'violations', (SELECT coalesce(jsonb_agg(h -> 'violation'), '[]') FROM jsonb_array_elements(found) AS h WHERE h -> 'violation' <> 'null')));
END $f$;

-- The statement that would drop something that is hidden, with all that uses it; null for anything else.
CREATE OR REPLACE FUNCTION belay.drop_hidden(classid oid, objid oid, objsubid integer) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT format('ALTER TABLE IF EXISTS %s DROP COLUMN IF EXISTS %I CASCADE', a.attrelid::regclass, a.attname) FROM pg_attribute a
    WHERE classid = 'pg_class'::regclass AND objsubid > 0 AND a.attrelid = objid AND a.attnum = objsubid AND a.attinhcount = 0
      AND (a.attname ~ '^belay_kept_[0-9]+_' OR EXISTS (SELECT FROM pg_class c WHERE c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f') AND c.relnamespace = 'belay_kept'::regnamespace))
  UNION ALL SELECT format('DROP %s IF EXISTS %s CASCADE', CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, c.oid::regclass)
    FROM pg_class c WHERE classid = 'pg_class'::regclass AND objsubid = 0 AND c.oid = objid AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relnamespace = 'belay_kept'::regnamespace
  UNION ALL SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure) FROM pg_proc p
    WHERE classid = 'pg_proc'::regclass AND p.oid = objid AND p.pronamespace = 'belay_kept'::regnamespace
  UNION ALL SELECT format('DROP TYPE IF EXISTS %s CASCADE', t.oid::regtype) FROM pg_type t
    WHERE classid = 'pg_type'::regclass AND t.oid = objid AND t.typnamespace = 'belay_kept'::regnamespace AND t.typrelid = 0 AND t.typcategory <> 'A'
$f$;

CREATE OR REPLACE FUNCTION belay.texts_in(found jsonb, part text) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $f$
  SELECT coalesce(jsonb_agg(t.text ORDER BY h.o, t.o), '[]') FROM jsonb_array_elements(found) WITH ORDINALITY AS h(body, o),
    jsonb_array_elements_text(CASE jsonb_typeof(h.body -> part) WHEN 'array' THEN h.body -> part ELSE '[]' END) WITH ORDINALITY AS t(text, o)
$f$;

-- What was hidden and neither came back nor went for good, the last first.
CREATE OR REPLACE FUNCTION belay.hidden_of(change text) RETURNS SETOF belay.journal
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT j.* FROM belay.journal j WHERE j.kind = 'kept' AND j.change = hidden_of.change AND j.body ->> 'how' = 'hidden'
    AND NOT EXISTS (SELECT FROM belay.journal l WHERE l.change = j.change AND l.seq > j.seq AND l.kind IN ('restored', 'settled', 'purged', 'kept') AND (l.body ->> 'kept')::bigint = j.seq)
  ORDER BY j.seq DESC
$f$;

-- Brings back what was hidden under a key. On the way forward only where the change is still the one that was taken back: else it has another shape.
DROP FUNCTION IF EXISTS belay.unhide(text, text, text, text);
CREATE FUNCTION belay.unhide(change text, direction text, digest text, key text) RETURNS boolean
LANGUAGE plpgsql AS $f$
DECLARE
  kept belay.journal;
  sql text;
BEGIN
  SELECT h.* INTO kept FROM belay.hidden_of(change) AS h WHERE h.body -> 'keys' ? key AND h.body ->> 'direction' <> direction ORDER BY h.seq DESC LIMIT 1;
  IF kept.seq IS NULL OR direction = 'up' AND kept.body ->> 'digest' <> digest THEN
    RETURN false;
  END IF;
  FOR sql IN SELECT t.text FROM jsonb_array_elements_text(kept.body -> 'back') WITH ORDINALITY AS t(text, o) ORDER BY t.o LOOP
    EXECUTE sql;
  END LOOP;
  PERFORM belay.append('restored', NULL, change, belay.operator(), jsonb_build_object('kept', kept.seq, 'how', 'hidden', 'keys', kept.body -> 'keys'));
  -- A way forward that brings back is the second one: it may check at once.
  IF direction = 'up' THEN
    PERFORM belay.finish_back(change, 'validate');
    PERFORM belay.finish_back(change, 'complete');
  END IF;
  RETURN true;
END $f$;

-- The keys of what came back, with all that came back as a part of it, since the change was last whole or gone.
CREATE OR REPLACE FUNCTION belay.returned(change text) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT coalesce((SELECT array_agg(k) FROM belay.journal j JOIN belay.journal h ON h.seq = (j.body ->> 'kept')::bigint,
      jsonb_array_elements_text((h.body -> 'keys') || coalesce(h.body -> 'members', '[]')) AS k
    WHERE j.kind = 'restored' AND j.change = returned.change AND j.body ->> 'how' = 'hidden'
      AND j.seq > coalesce((SELECT max(w.seq) FROM belay.journal w WHERE w.change = returned.change AND w.kind IN ('applied', 'reverted')), 0)), '{}')
$f$;

-- Whether all of them did: then what would make them anew has nothing to do.
CREATE OR REPLACE FUNCTION belay.came_back(change text, keys text[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$ SELECT keys <@ belay.returned(change) $f$;

-- The constraints of what came back: first they are checked, under a lock that lets writers through; then they are made what they were.
CREATE OR REPLACE FUNCTION belay.finish_back(change text, part text) RETURNS void
LANGUAGE plpgsql AS $f$
DECLARE
  sql text;
BEGIN
  FOR sql IN SELECT t.text FROM belay.journal r JOIN belay.journal j ON j.seq = (r.body ->> 'kept')::bigint, jsonb_array_elements_text(j.body -> part) WITH ORDINALITY AS t(text, o)
    WHERE r.kind = 'restored' AND r.change = finish_back.change AND r.body ->> 'how' = 'hidden'
      AND r.seq > coalesce((SELECT max(w.seq) FROM belay.journal w WHERE w.change = finish_back.change AND w.kind IN ('applied', 'reverted')), 0)
    ORDER BY r.seq, t.o
  LOOP
    EXECUTE sql;
  END LOOP;
END $f$;

-- Rows that have come since, and would break what is to come back: none, or each kind with its number.
CREATE OR REPLACE FUNCTION belay.violations(change text, direction text) RETURNS TABLE (what text, rows bigint)
LANGUAGE plpgsql SET row_security = off AS $f$
DECLARE
  asked record;
BEGIN
  FOR asked IN SELECT v ->> 'what' AS what, v ->> 'sql' AS sql FROM belay.hidden_of(change) AS h, jsonb_array_elements(h.body -> 'violations') AS v WHERE h.body ->> 'direction' <> direction LOOP
    what := asked.what;
    EXECUTE asked.sql INTO rows;
    IF rows > 0 THEN RETURN NEXT; END IF;
  END LOOP;
END $f$;
`;
