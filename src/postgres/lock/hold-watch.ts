import { BelayError, messageOf } from "../../errors.js";
import { isCancelled, isConnectionLost } from "../session/sql-state.js";
import type { Session } from "../session/session.js";

/** A lock that keeps the application out. */
export interface StrongLock {
  readonly relation: string;
  readonly mode: string;
}

/** How often it is looked whether there is such a lock, in milliseconds. */
const lookEveryMs = 250;

export interface HoldWatch {
  /** What was held for too long, and was ended for it; null where nothing was. */
  readonly exceeded: () => StrongLock | null;
  readonly stop: () => Promise<void>;
}

export interface HoldWatchOptions {
  readonly holdMs: number;
  /** Whether such a lock was taken before the work begins: its time counts from now on. */
  readonly takenBeforehand: boolean;
  /** Told what keeps it from looking; it tries again. */
  readonly warn: (message: string) => void;
}

/**
 * Bounds how long a transaction holds a lock that writers wait for: after `holdMs` its statement is cancelled, if the server says that it holds one on a relation
 * that others can see. Call it when the locks have been taken. One that is taken later counts from when it is first seen.
 */
export function watchHold(operator: Session, worker: Session, options: HoldWatchOptions): HoldWatch {
  const { holdMs, takenBeforehand, warn } = options;
  let since: Since | null = takenBeforehand ? { transaction: null, atMs: performance.now() } : null;
  let found: StrongLock | null = null;
  let looking: Promise<void> | null = null;
  let stopped = false;
  /** Until when the transaction that holds the lock may do so. */
  const limitOf = ({ transaction }: SeenLock): number => {
    if (since === null || (since.transaction ?? transaction) !== transaction)
      since = { transaction, atMs: performance.now() };
    return since.atMs + holdMs;
  };
  const look = async (): Promise<void> => {
    let nextMs = lookEveryMs;
    try {
      const lock = await strongLockOf(operator, worker.pid);
      if (stopped) return;
      if (lock === null) since = null;
      const leftMs = lock === null ? Infinity : limitOf(lock) - performance.now();
      if (leftMs > 0) nextMs = Math.min(lookEveryMs, leftMs);
      else {
        found = lock;
        // It may be between two statements: then the next one must not be let through either.
        await operator.query("SELECT pg_cancel_backend($1)", [worker.pid]);
      }
    } catch (thrown) {
      // A lost operator session is reported by the next statement that needs it.
      if (isConnectionLost(thrown)) return;
      if (!isCancelled(thrown)) warn(`cannot look how long its locks are held: ${messageOf(thrown)}`);
    }
    arm(nextMs);
  };
  let timer: NodeJS.Timeout | undefined;
  const arm = (ms: number): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      looking = look();
    }, ms);
  };
  arm(takenBeforehand ? holdMs : Math.min(lookEveryMs, holdMs));
  return {
    exceeded: () => found,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}

interface Since {
  /** Null where it has not been seen yet. */
  readonly transaction: string | null;
  readonly atMs: number;
}

interface SeenLock extends StrongLock {
  /** What holds it: a statement outside a transaction may go through many. */
  readonly transaction: string;
}

/** The strongest lock of the session on a relation that is there for others too, from SHARE on: it keeps writers out (manual, 13.3.1). */
async function strongLockOf(operator: Session, pid: number): Promise<SeenLock | null> {
  const [row] = await operator.query<SeenLock & Record<string, unknown>>(
    `SELECT c.oid::regclass::text AS relation, s.mode, l.virtualtransaction AS transaction FROM pg_locks l
     JOIN (VALUES ('ShareLock', 'SHARE', 1), ('ShareRowExclusiveLock', 'SHARE ROW EXCLUSIVE', 2), ('ExclusiveLock', 'EXCLUSIVE', 3),
       ('AccessExclusiveLock', 'ACCESS EXCLUSIVE', 4)) AS s(name, mode, rank) ON s.name = l.mode
     JOIN pg_class c ON c.oid = l.relation AND c.relkind <> 't'
     WHERE l.pid = $1 AND l.granted AND l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     ORDER BY s.rank DESC, c.relkind IN ('r', 'p', 'm') DESC, c.oid LIMIT 1`,
    [pid],
  );
  return row ?? null;
}

/** @returns what to throw for a transaction that was ended for it. */
export function heldTooLong(place: string, lock: StrongLock, holdMs: number, cause: unknown): BelayError {
  const message = `${place}: it held ${lock.mode} on ${lock.relation} for ${holdMs} ms, the most that policy.lock.hold allows, and was ended; nothing of this transaction stands.`;
  return new BelayError("refused", "lock-held-too-long", message, {
    hint: "Write it so that the work is not done under the lock (CONCURRENTLY, NOT VALID and then VALIDATE, `-- belay:batch`), or raise policy.lock.hold.",
    cause,
  });
}
