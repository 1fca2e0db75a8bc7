import type { WantedLocks } from "../../plan/wanted-locks.js";
import type { Blocker } from "../../progress.js";
import type { Session } from "../session/session.js";

/** A relation, by its object id, and the lock that is wanted on it. */
export interface ResolvedLock {
  readonly relation: number;
  readonly mode: string;
}

/** What the names of the wanted locks mean in this session, with everything that they reach through the catalog. */
export async function resolveLocks(
  session: Session,
  { locks, removes }: WantedLocks,
): Promise<readonly ResolvedLock[]> {
  return session.query<ResolvedLock & Record<string, unknown>>(
    "SELECT relation::oid::int8::float8 AS relation, mode FROM belay.locks_of($1::jsonb, $2)",
    [JSON.stringify(locks), removes],
  );
}

/** What is told of whoever holds, or waits for, a lock: a row of pg_locks named `l`, and `way` to the sessions of interest. */
const described = (way: string): string => `
  SELECT DISTINCT ON (coalesce(a.pid, 0), p.gid) coalesce(a.pid, 0) AS pid, coalesce(a.usename, p.owner, '') AS "user",
    coalesce(a.application_name, '') AS application, coalesce(a.state, '') AS state,
    coalesce(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)), 0)::float8 AS "ageSeconds",
    coalesce(left(regexp_replace(a.query, '\\s+', ' ', 'g'), 200), '') AS query,
    CASE WHEN p.gid IS NOT NULL THEN 'prepared transaction' ELSE coalesce(belay.autovacuum(a.pid), 'session') END AS kind,
    coalesce(a.backend_start::text, '') AS "backendStart",
    CASE WHEN p.gid IS NOT NULL THEN format('free it with ROLLBACK PREPARED %L (or COMMIT PREPARED)', p.gid)
      WHEN v.relid IS NOT NULL THEN format('vacuum of %s, %s, %s of %s blocks', v.relid::regclass, v.phase, v.heap_blks_scanned, v.heap_blks_total)
      ELSE '' END AS detail
  FROM ${way}
  LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN pg_prepared_xacts p ON l.pid IS NULL AND l.virtualtransaction = '-1/' || p.transaction::text
  LEFT JOIN pg_stat_progress_vacuum v ON v.pid = l.pid
  WHERE a.pid IS NOT NULL OR p.gid IS NOT NULL`;

/**
 * Who holds a lock that conflicts with the wanted ones, or waits for one ahead of us, seen from a session that waits for nothing itself (manual, 13.3.1: the table
 * of conflicts; 53.13: pg_locks, where a prepared transaction has no process).
 * @param worker the process id of the session that wants them.
 */
export async function holdersOf(
  operator: Session,
  worker: number,
  wanted: readonly ResolvedLock[],
): Promise<readonly Blocker[]> {
  return operator.query<Blocker & Record<string, unknown>>(
    `WITH conflicts(mode, first) AS (
       -- Each mode conflicts with the modes from this one on, in the order of the manual's table, but for SHARE with itself.
       VALUES ('ACCESS SHARE', 8), ('ROW SHARE', 7), ('ROW EXCLUSIVE', 5), ('SHARE UPDATE EXCLUSIVE', 4), ('SHARE', 3),
         ('SHARE ROW EXCLUSIVE', 3), ('EXCLUSIVE', 2), ('ACCESS EXCLUSIVE', 1)
     ), ranks(name, rank) AS (
       VALUES ('AccessShareLock', 1), ('RowShareLock', 2), ('RowExclusiveLock', 3), ('ShareUpdateExclusiveLock', 4), ('ShareLock', 5),
         ('ShareRowExclusiveLock', 6), ('ExclusiveLock', 7), ('AccessExclusiveLock', 8)
     ), wanted AS (
       SELECT relation::oid, mode FROM unnest($2::int8[], $3::text[]) AS w(relation, mode)
     )${described(`wanted w
       JOIN conflicts c USING (mode)
       JOIN ranks r ON r.rank >= c.first AND NOT (w.mode = 'SHARE' AND r.rank = 5)
       JOIN pg_locks l ON l.locktype = 'relation' AND l.relation = w.relation AND l.mode = r.name AND l.pid IS DISTINCT FROM $1
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`)}`,
    [worker, wanted.map(({ relation }) => relation), wanted.map(({ mode }) => mode)],
  );
}

/** Who blocks the session with this process id at this moment (manual, 9.27: pg_blocking_pids). A prepared transaction counts as process 0. */
export async function blockersOf(operator: Session, pid: number): Promise<readonly Blocker[]> {
  return operator.query<Blocker & Record<string, unknown>>(
    described(`(SELECT DISTINCT b.pid, '' AS virtualtransaction FROM unnest(pg_blocking_pids($1)) AS b(pid) WHERE b.pid <> 0
       UNION ALL
       SELECT NULL, held.virtualtransaction FROM pg_locks waiting JOIN pg_locks held ON held.pid IS NULL AND held.granted
         AND held.locktype = waiting.locktype AND held.relation IS NOT DISTINCT FROM waiting.relation
         AND held.transactionid IS NOT DISTINCT FROM waiting.transactionid AND held.database IS NOT DISTINCT FROM waiting.database
       WHERE waiting.pid = $1 AND NOT waiting.granted) AS l`),
    [pid],
  );
}

/** One who stands in the way, in a sentence. */
export function nameBlocker({ kind, pid, user, application, state, query, detail }: Blocker): string {
  if (kind === "prepared transaction") return `a prepared transaction of ${user} (${detail})`;
  const said = detail === "" ? query : detail;
  if (kind !== "session") return `${kind} ${pid} (${said})`;
  return `process ${pid} (${user}, ${application || "no name"}, ${state}): ${said}`;
}
