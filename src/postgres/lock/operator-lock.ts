import { BelayError } from "../../errors.js";
import type { Session } from "../session/session.js";
import { operatorLost } from "../session/sql-state.js";
import { operatorLockKey } from "../ledger/sql/operator-lock-key.js";

/** Who holds the operator's lock. */
interface Holder {
  readonly pid: number;
  readonly application: string;
  readonly user: string;
  readonly from: string;
  /** Null where this role may not see it, and nobody has been the operator yet. */
  readonly since: string | null;
  /** Who it is by its own word, such as `ada@laptop`; null where it has not said so yet. */
  readonly actor: string | null;
}

const pollMs = 100;

/**
 * Takes the advisory lock of the one operator on this session; it is held until the session closes. The lock is polled: a session that
 * waited for it with a snapshot would deadlock with a CREATE INDEX CONCURRENTLY of the holder.
 * @throws BelayError `operator-busy` (refused), naming the holder, after `patienceMs`.
 */
export async function takeOperatorLock(session: Session, target: string, patienceMs: number): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    const [row] = await session.query<{ taken: boolean }>("SELECT pg_try_advisory_lock($1) AS taken", [
      operatorLockKey,
    ]);
    if (row?.taken === true) return;
    if (Date.now() >= giveUpAt) throw busy(target, await holderOf(session));
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Gives it up; the session stays open. */
export async function releaseOperatorLock(session: Session): Promise<void> {
  await session.query("SELECT pg_advisory_unlock($1)", [operatorLockKey]);
}

/**
 * Requires that the session with this process id holds the operator's lock of this database, seen from another one.
 * @throws BelayError `operator-lost`: somebody else may be the operator by now.
 */
export async function requireOperator(session: Session, operatorPid: number): Promise<void> {
  const holder = await holderOf(session);
  if (holder?.pid === operatorPid) return;
  throw operatorLost("This process is no longer the operator of the database.");
}

async function holderOf(session: Session): Promise<Holder | null> {
  const [ledger] = await session.query<{ there: boolean }>(
    "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('belay.head') AND attname = 'operator') AS there",
  );
  // A role without pg_read_all_stats is not told when and from where another one's session began: then what the ledger says has to do.
  const [actor, since] =
    ledger?.there === true
      ? [
          "(SELECT operator FROM belay.head WHERE since >= a.backend_start OR a.backend_start IS NULL)",
          "(SELECT since FROM belay.head)",
        ]
      : ["NULL", "NULL"];
  const [holder] = await session.query<Holder & Record<string, unknown>>(
    `SELECT a.pid, a.application_name AS application, a.usename AS user, coalesce(host(a.client_addr), CASE WHEN a.backend_start IS NULL THEN 'somewhere' ELSE 'local' END) AS from,
       to_char(coalesce(a.backend_start, ${since}) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since, ${actor} AS actor
     FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (l.classid::bigint << 32 | l.objid::bigint) = $1`,
    [operatorLockKey],
  );
  return holder ?? null;
}

function busy(target: string, holder: Holder | null): BelayError {
  const who =
    holder === null
      ? "It was released this moment."
      : `${holder.actor === null ? "" : `${holder.actor}: `}${holder.user} from ${holder.from}, as ${holder.application}, process ${holder.pid}${holder.since === null ? "" : `, since ${holder.since}`}.`;
  return new BelayError("refused", "operator-busy", `${target}: somebody else is at work there. ${who}`, {
    hint: "Wait until that has ended: `belay status` shows it. Nothing was touched.",
  });
}
