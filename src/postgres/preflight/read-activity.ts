import type { Activity, LongTransaction, PreparedTransaction, RunningVacuum } from "../../preflight/facts.js";
import type { LockMode } from "../../sql/effects.js";
import { vacuumKind } from "../ledger/sql/vacuum-kind.js";
import type { Session } from "../session/session.js";

/** From this age on a transaction is named, in seconds: a concurrent index build waits for it, and no vacuum removes what it may still see. */
const longAfterSeconds = 60;

/** Reads in one statement what goes on at a target: what holds the tables with these oids, and what holds back everybody. */
export async function readActivity(session: Session, tables: readonly number[]): Promise<Activity> {
  const [row] = await session.query<{ activity: Raw }>(activity, [tables.map(String), longAfterSeconds]);
  const raw = row?.activity ?? { prepared: [], vacuums: [], longTransactions: [], idleSlots: [] };
  const prepared = raw.prepared.map((one) => ({
    ...one,
    locks: one.locks.map(({ oid, mode }) => ({ oid, mode: modeOf(mode) })),
  }));
  return { ...raw, prepared };
}

interface Raw extends Omit<Activity, "prepared"> {
  readonly prepared: readonly (Omit<PreparedTransaction, "locks"> & {
    readonly locks: readonly { readonly oid: number; readonly mode: string }[];
  })[];
  readonly vacuums: readonly RunningVacuum[];
  readonly longTransactions: readonly LongTransaction[];
}

/** `ShareUpdateExclusiveLock` of pg_locks as the manual writes it: SHARE UPDATE EXCLUSIVE. */
function modeOf(mode: string): LockMode {
  return mode
    .replace(/Lock$/, "")
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toUpperCase() as LockMode;
}

/** A prepared transaction has no process: its locks stand under the virtual id that the lock on its transaction id has too (manual, 53.13 pg_locks). */
const activity = `
WITH held AS (
  SELECT l.relation::bigint AS oid, l.mode, l.pid, l.virtualtransaction
  FROM pg_locks l
  WHERE l.locktype = 'relation' AND l.granted AND l.relation = ANY ($1::oid[])
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())),
prepared AS (
  SELECT DISTINCT p.gid, p.owner, p.database, p.prepared, l.virtualtransaction
  FROM pg_prepared_xacts p JOIN pg_locks l ON l.locktype = 'transactionid' AND l.pid IS NULL AND l.transactionid = p.transaction
  WHERE p.database = current_database())
SELECT json_build_object(
  'prepared', (SELECT coalesce(json_agg(json_build_object(
      'gid', p.gid, 'owner', p.owner, 'database', p.database,
      'ageSeconds', extract(epoch FROM clock_timestamp() - p.prepared)::float8,
      'locks', (SELECT json_agg(json_build_object('oid', h.oid, 'mode', h.mode)) FROM held h
        WHERE h.pid IS NULL AND h.virtualtransaction = p.virtualtransaction)) ORDER BY p.prepared), '[]')
    FROM prepared p
    WHERE EXISTS (SELECT FROM held h WHERE h.pid IS NULL AND h.virtualtransaction = p.virtualtransaction)),
  'vacuums', (SELECT coalesce(json_agg(json_build_object(
      'pid', v.pid, 'oid', h.oid, 'kind', coalesce((${vacuumKind("v.pid")}), 'vacuum'),
      'phase', v.phase, 'blocksScanned', v.heap_blks_scanned, 'blocksTotal', v.heap_blks_total) ORDER BY v.pid), '[]')
    FROM pg_stat_progress_vacuum v JOIN held h ON h.pid = v.pid AND h.mode = 'ShareUpdateExclusiveLock'
    WHERE v.relid IS NULL OR v.relid::bigint = h.oid),
  'longTransactions', (SELECT coalesce(json_agg(json_build_object(
      'pid', a.pid, 'user', coalesce(a.usename, ''), 'application', coalesce(a.application_name, ''), 'state', coalesce(a.state, ''),
      'ageSeconds', extract(epoch FROM clock_timestamp() - a.xact_start)::float8) ORDER BY a.xact_start), '[]')
    FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
      AND a.xact_start < clock_timestamp() - make_interval(secs => $2)),
  'idleSlots', (SELECT coalesce(json_agg(json_build_object('name', s.slot_name,
      'retainedBytes', CASE WHEN s.restart_lsn IS NULL OR pg_is_in_recovery() THEN NULL
        ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)::float8 END) ORDER BY s.slot_name), '[]')
    FROM pg_replication_slots s WHERE NOT s.active AND NOT s.temporary)
) AS activity`;
