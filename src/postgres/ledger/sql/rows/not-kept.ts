/** A statement that writes rows of a relation, as expressions of SQL. */
interface Writing {
  readonly relation: string;
  readonly command: string;
  /** Whether rows of tables that inherit from it are left out. */
  readonly onlySelf: string;
  /** The columns that it sets. */
  readonly sets: string;
}

/** A query for the columns that tell a row from the others: the primary key, or the smallest unique key that is as good as one. No row without. */
export const rowKey = (relation: string): string => `
  SELECT array_agg(a.attname ORDER BY k.ord) FROM pg_index i
    CROSS JOIN LATERAL (SELECT * FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS x(attnum, ord) WHERE ord <= i.indnkeyatts) AS k
    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
  WHERE i.indrelid = ${relation} AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
  GROUP BY i.indexrelid, i.indisprimary, i.indnkeyatts HAVING bool_and(coalesce(a.attnotnull, false))
  ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1`;

/** A query for the foreign keys that write rows of other tables where rows of a relation go. */
export const referring = (relation: string): string => `
  SELECT * FROM pg_catalog.pg_constraint c WHERE c.contype = 'f' AND c.confrelid = ${relation} AND c.conparentid = 0 AND c.confdeltype IN ('c', 'n', 'd')`;

/** A query for why what a statement finds in the rows could not be kept, with the relation's name as %s, and for what to do; no row where it can be. The ledger and the check before a rollout ask the same. */
export const notKept = ({ relation, command, onlySelf, sets }: Writing): string => `
  SELECT o.sentence, o.hint || ' or say "-- belay:keep off" at the head of the up file: then the way back cannot know what was there.' AS hint
  FROM pg_class c LEFT JOIN LATERAL (${rowKey("c.oid")}) AS k(key) ON true
    CROSS JOIN LATERAL (VALUES
      (1, c.relkind NOT IN ('r', 'p'), '%s is no table, so what its rows were could not be kept', 'Write the statement otherwise,'),
      (2, c.relkind = 'r' AND NOT ${onlySelf} AND ${command} <> 'INSERT' AND EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid),
        'other tables inherit from %s, and its key does not hold for their rows', 'Write ONLY before its name, and a statement for each of the others,'),
      (3, ${command} IN ('UPDATE', 'UPSERT', 'MERGE', 'REFERRING') AND k.key IS NULL, '%s has no primary key, so what its rows were could not be put back', 'Give it one,'),
      (4, k.key && ${sets}::name[], 'the statement sets a column of the key of %s, so nobody could tell its rows again', 'Write the statement otherwise,'),
      (5, ${command} = 'MERGE' AND current_setting('server_version_num')::integer < 170000,
        format('MERGE tells which rows it wrote since PostgreSQL 17, and this is %s', current_setting('server_version')), 'Write it as UPDATE and INSERT,')
    ) AS o(rank, holds, sentence, hint)
  WHERE c.oid = ${relation} AND o.holds ORDER BY o.rank LIMIT 1`;

/** The same as functions of the ledger. */
export const notKeptSchema = `
CREATE OR REPLACE FUNCTION belay.row_key(relation regclass) RETURNS name[]
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$${rowKey("row_key.relation")}
$f$;

CREATE OR REPLACE FUNCTION belay.not_kept(relation regclass, command text, only_self boolean, sets text[], OUT sentence text, OUT hint text)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $f$${notKept({ relation: "not_kept.relation", command: "not_kept.command", onlySelf: "not_kept.only_self", sets: "not_kept.sets" })}
$f$;
`;
