import type { Blocker } from "../../progress.js";
import type { Session } from "../session/session.js";

/** Who blocks the session with this process id, seen from another one (manual, 9.27: pg_blocking_pids). */
export async function blockersOf(operator: Session, pid: number): Promise<readonly Blocker[]> {
  return operator.query<Blocker & Record<string, unknown>>(
    `SELECT a.pid, coalesce(a.usename, '') AS "user", a.application_name AS application, coalesce(a.state, '') AS state,
       coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::float8 AS "ageSeconds",
       left(regexp_replace(a.query, '\\s+', ' ', 'g'), 200) AS query
     FROM unnest(pg_blocking_pids($1)) AS b(pid) JOIN pg_stat_activity a USING (pid)`,
    [pid],
  );
}
