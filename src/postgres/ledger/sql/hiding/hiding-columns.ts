/**
 * A column keeps its values under another name. It loses NOT NULL where nothing would fill it, and a default that a unique key would refuse a second time; its
 * indexes stay, under other names. Its primary key goes: a table has one only, and the change may make another.
 */
export const columnsHidden = `
  SELECT 60, format('index %s', format('%I.%I', ind.nspname, ind.relname)), ARRAY[format('ALTER INDEX %I.%I RENAME TO %I', ind.nspname, ind.relname, ind.kept)],
    ARRAY[format('ALTER INDEX %I.%I RENAME TO %I', ind.nspname, ind.kept, ind.relname)], NULL, NULL, NULL, NULL
  FROM ind WHERE ind.is_of_column AND NOT ind.is_primary AND NOT ind.is_whole
  UNION ALL
  SELECT 80, format('column %s.%I', col.attrelid::regclass, col.attname),
    array_remove(ARRAY[
      CASE WHEN h.loses_not_null THEN format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', col.attrelid::regclass, col.attname) END,
      CASE WHEN h.loses_default THEN format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', col.attrelid::regclass, col.attname) END,
      format('ALTER TABLE %s RENAME COLUMN %I TO %I', col.attrelid::regclass, col.attname, col.kept)], NULL),
    array_remove(ARRAY[
      format('ALTER TABLE %s RENAME COLUMN %I TO %I', col.attrelid::regclass, col.kept, col.attname),
      CASE WHEN h.loses_default THEN format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', col.attrelid::regclass, col.attname, col.default_text) END,
      CASE WHEN NOT h.loses_not_null THEN NULL
        WHEN h.is_in_key THEN format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', col.attrelid::regclass, col.attname)
        WHEN h.not_null_name IS NOT NULL THEN format('ALTER TABLE %s ADD CONSTRAINT %I NOT NULL %I NOT VALID', col.attrelid::regclass, h.not_null_name, col.attname)
        ELSE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%I IS NOT NULL) NOT VALID', col.attrelid::regclass, h.helper, col.attname) END], NULL),
    CASE WHEN h.loses_not_null AND NOT h.is_in_key THEN ARRAY[format('ALTER TABLE %s VALIDATE CONSTRAINT %I', col.attrelid::regclass, coalesce(h.not_null_name, h.helper))] END,
    CASE WHEN h.loses_not_null AND NOT h.is_in_key AND h.not_null_name IS NULL THEN ARRAY[
      format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', col.attrelid::regclass, col.attname), format('ALTER TABLE %s DROP CONSTRAINT %I', col.attrelid::regclass, h.helper)] END,
    format('ALTER TABLE %s DROP COLUMN %I', col.attrelid::regclass, col.kept),
    CASE WHEN h.loses_not_null THEN jsonb_build_object('what', format('rows of %s without a value for %I, which is NOT NULL', col.attrelid::regclass, col.attname),
      'sql', format('SELECT count(*) FROM %s WHERE %I IS NULL', col.attrelid::regclass, col.kept)) END
  FROM col CROSS JOIN LATERAL (
    SELECT *, col.attnotnull AND col.attidentity = '' AND (col.default_text IS NULL OR loses_default) AS loses_not_null
    FROM (SELECT
      -- A default that gives another value each time may stay: the unique key does not mind it.
      col.default_text IS NOT NULL AND col.attgenerated = '' AND col.default_text !~* 'nextval|uuid|random'
        AND EXISTS (SELECT FROM ind WHERE ind.indrelid = col.attrelid AND ind.indisunique AND ind.is_of_column) AS loses_default,
      EXISTS (SELECT FROM pg_constraint p WHERE p.conrelid = col.attrelid AND p.contype = 'p' AND col.attnum = ANY (p.conkey)) AS is_in_key,
      -- NOT NULL is a constraint with a name since version 18.
      (SELECT n.conname FROM pg_constraint n WHERE n.conrelid = col.attrelid AND n.contype = 'n' AND n.conkey[1] = col.attnum) AS not_null_name,
      format('belay_kept_%s_%s', seq, col.attname)::name AS helper) AS x
  ) AS h WHERE col.is_top
  UNION ALL
  -- A composite type's values would still want one for it; and names of children would be changed along that the statement itself would leave alone.
  SELECT 80, format('column %s.%I', col.attrelid::regclass, col.attname), NULL, NULL, NULL, NULL, NULL, NULL
  FROM col WHERE col.relkind NOT IN ('r', 'p', 'f') OR col.reloftype <> 0 OR EXISTS (
    SELECT FROM pg_inherits i JOIN pg_attribute a ON a.attrelid = i.inhrelid AND a.attname = col.attname AND NOT a.attisdropped
    WHERE i.inhparent = col.attrelid AND NOT EXISTS (SELECT FROM col child WHERE child.attrelid = a.attrelid AND child.attnum = a.attnum))
`;
