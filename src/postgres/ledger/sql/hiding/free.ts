/** What cannot be hidden goes for good, also where something that is hidden uses it: that is kept in a shape that needs it no more. */
export const free = `
-- The entry under which a hidden column or relation is kept; a column of a hidden table is kept with that.
CREATE OR REPLACE FUNCTION belay.keeper_of(relation oid, attribute name) RETURNS belay.journal
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$
  SELECT j.* FROM belay.journal j, pg_class c, jsonb_array_elements(j.body -> 'parts') AS p
  WHERE c.oid = relation AND j.kind = 'kept' AND j.body ->> 'how' = 'hidden'
    AND CASE WHEN c.relnamespace = 'belay_kept'::regnamespace THEN p ->> 'column' IS NULL AND p ->> 'keptAs' = c.relname ELSE p ->> 'keptAs' = attribute AND to_regclass(p ->> 'table') = relation END
  ORDER BY j.seq DESC LIMIT 1
$f$;

-- Before something is dropped that cannot be hidden: hidden columns that use it become texts, and are what they were again when they come back. The entry that says how
-- is written anew. What else is hidden, has nothing of its own and uses it, a foreign table for example, goes with it.
CREATE OR REPLACE FUNCTION belay.free(wanted jsonb) RETURNS void
LANGUAGE plpgsql AS $f$
DECLARE
  one record;
  entry belay.journal;
  families jsonb := (SELECT jsonb_agg(f) FROM belay.family_of(wanted) AS f);
BEGIN
  FOR one IN SELECT DISTINCT a.attrelid, a.attname, format('ALTER TABLE %s ', a.attrelid::regclass) AS about, pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default_text,
      pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, (SELECT format(' COLLATE %I.%I', n.nspname, o.collname) FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace
        WHERE o.oid = a.attcollation AND a.attcollation <> t.typcollation) AS collated
    FROM jsonb_to_recordset(families) AS f(classid oid, objid oid, objsubid integer) JOIN pg_attribute a ON a.attrelid = f.objid AND a.attnum = f.objsubid
    JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE f.classid = 'pg_class'::regclass AND f.objsubid > 0 AND a.attgenerated = '' AND belay.drop_hidden(f.classid, f.objid, f.objsubid) IS NOT NULL
  LOOP
    entry := belay.keeper_of(one.attrelid, one.attname);
    CONTINUE WHEN entry.seq IS NULL;
    IF one.default_text IS NOT NULL THEN
      EXECUTE one.about || format('ALTER COLUMN %I DROP DEFAULT', one.attname);
    END IF;
    EXECUTE one.about || format('ALTER COLUMN %1$I TYPE text COLLATE "default" USING %1$I::text', one.attname);
    PERFORM belay.append('kept', NULL, entry.change, belay.operator(), entry.body || jsonb_build_object('kept', entry.seq, 'back', jsonb_build_array(
        one.about || format('ALTER COLUMN %1$I TYPE %2$s%3$s USING %1$I::%2$s', one.attname, one.type, one.collated))
      || CASE WHEN one.default_text IS NULL THEN '[]' ELSE jsonb_build_array(one.about || format('ALTER COLUMN %I SET DEFAULT %s', one.attname, one.default_text)) END || (entry.body -> 'back')));
  END LOOP;
  FOR one IN SELECT j.seq, j.change, j.body -> 'objects' AS objects, belay.drop_hidden(f.classid, f.objid, 0) AS sql
    FROM jsonb_to_recordset(families) AS f(classid oid, objid oid, objsubid integer) JOIN pg_class c ON c.oid = f.objid AND c.relkind = 'f' AND c.relnamespace = 'belay_kept'::regnamespace
    JOIN belay.journal j ON j.kind = 'kept' AND j.body -> 'purge' ? format('DROP FOREIGN TABLE belay_kept.%I', c.relname) AND jsonb_array_length(j.body -> 'objects') = 1
    WHERE f.classid = 'pg_class'::regclass AND f.objsubid = 0
  LOOP
    EXECUTE one.sql;
    PERFORM belay.append('purged', NULL, one.change, belay.operator(), jsonb_build_object('kept', one.seq, 'objects', one.objects, 'parts', '[]'::jsonb));
  END LOOP;
END $f$;
`;
