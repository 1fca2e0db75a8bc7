import type { Demand } from "../../preflight/demand.js";
import type { NotKept, RelationFacts } from "../../preflight/facts.js";
import { keeping } from "../../preflight/judge-rows.js";
import { notKept, referring } from "../ledger/sql/rows/not-kept.js";
import type { Session } from "../session/session.js";

/** Asks in one statement what the ledger would ask before it keeps rows: of all tables that are there and that the statements write, and of those that these writes reach. */
export async function readNotKept(
  session: Session,
  relations: readonly RelationFacts[],
  demands: readonly Demand[],
): Promise<readonly NotKept[]> {
  const oids = new Map(relations.map(({ name, oid }) => [name, oid]));
  const asked = keeping(demands).flatMap(({ keeps }, statement) => {
    const found = (keeps?.relations ?? []).flatMap((name) => oids.get(name) ?? []);
    return keeps === null || found.length === 0 ? [] : [{ statement, ...keeps, relations: found }];
  });
  if (asked.length === 0) return [];
  return session.query<NotKept & Record<string, unknown>>(lookUp, [JSON.stringify(asked)]);
}

/** A DELETE goes on through foreign keys: to the first tables always, beyond them only where rows go. A TRUNCATE goes to heirs, and with CASCADE to all that refers. */
const lookUp = `
WITH RECURSIVE asked AS (
  SELECT * FROM json_to_recordset($1::json) AS a(statement int, command text, relations oid[], "only" boolean, sets text[], cascade boolean)),
reached AS (
  SELECT a.statement, r AS oid, 0 AS depth, a.command, a."only" OR a.command = 'TRUNCATE' AS only_self, CASE a.command WHEN 'TRUNCATE' THEN NULL ELSE a.sets END AS sets, ARRAY[r] AS path, a."only" AS only_named, a.cascade, false AS takes
  FROM asked a, unnest(a.relations) AS r
  UNION ALL
  SELECT r.statement, n.oid, r.depth + n.step, n.command, n.only_self, NULL, r.path || n.oid, r.only_named, r.cascade, n.takes
  FROM reached r CROSS JOIN LATERAL (
    SELECT f.conrelid AS oid, 1 AS step, 'REFERRING' AS command, false AS only_self, f.confdeltype = 'c' AS takes FROM (${referring("r.oid")}) AS f WHERE r.command = 'DELETE' OR (r.command = 'REFERRING' AND r.takes)
    UNION SELECT i.inhrelid, 0, 'TRUNCATE', true, false FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE r.command = 'TRUNCATE' AND i.inhparent = r.oid AND NOT r.only_named AND NOT c.relispartition
    UNION SELECT f.conrelid, 0, 'TRUNCATE', true, false FROM pg_constraint f WHERE r.command = 'TRUNCATE' AND r.cascade AND f.contype = 'f' AND f.confrelid = r.oid AND f.conparentid = 0
  ) AS n WHERE NOT n.oid = ANY (r.path) AND cardinality(r.path) < 10)
SELECT r.statement, format(o.sentence, r.oid::regclass) AS sentence, o.hint, r.depth < 2 AS certain,
  (SELECT array_agg(x::bigint::float8) FROM (SELECT unnest(r.path) AS x UNION SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = r.oid) AS p) AS lies
FROM reached r CROSS JOIN LATERAL (${notKept({ relation: "r.oid", command: "r.command", onlySelf: "r.only_self", sets: "r.sets" })}) AS o
ORDER BY r.statement, r.depth`;
