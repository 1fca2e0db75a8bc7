import { BelayError } from "../../errors.js";
import { isConnectionLost } from "../session/sql-state.js";
import type { Session } from "../session/session.js";

/** A lock that keeps the application out. */
export interface StrongLock {
  readonly relation: string;
  readonly mode: string;
}

/** How often it is looked again where there was no strong lock yet, in milliseconds. */
const lookAgainMs = 250;

export interface HoldWatch {
  /** What was held for too long, and was ended for it; null where nothing was. */
  readonly exceeded: () => StrongLock | null;
  readonly stop: () => Promise<void>;
}

/**
 * Bounds how long a transaction holds a lock that writers wait for: after `holdMs` its statement is cancelled, if the server says that it holds one on a relation
 * that others can see. Call it when the locks have been taken.
 */
export function watchHold(operator: Session, worker: Session, holdMs: number): HoldWatch {
  let found: StrongLock | null = null;
  let looking: Promise<void> | null = null;
  let stopped = false;
  const look = async (): Promise<void> => {
    try {
      const lock = await strongLockOf(operator, worker.pid);
      if (stopped) return;
      if (lock === null) arm(lookAgainMs);
      else {
        found = lock;
        await operator.query("SELECT pg_cancel_backend($1)", [worker.pid]);
        // It may have been between two statements: then the next one must not be let through either.
        arm(lookAgainMs);
      }
    } catch (thrown) {
      // A lost operator session is reported by the next statement that needs it.
      if (!isConnectionLost(thrown)) throw thrown;
    }
  };
  let timer: NodeJS.Timeout;
  const arm = (ms: number): void => {
    timer = setTimeout(() => {
      looking = look();
    }, ms);
  };
  arm(holdMs);
  return {
    exceeded: () => found,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await looking;
      clearTimeout(timer);
    },
  };
}

/** The strongest lock of the session on a table that is there for others too, from SHARE on: it keeps writers out (manual, 13.3.1). */
async function strongLockOf(operator: Session, pid: number): Promise<StrongLock | null> {
  const [row] = await operator.query<{ relation: string; mode: string }>(
    `SELECT c.oid::regclass::text AS relation, s.mode FROM pg_locks l
     JOIN (VALUES ('ShareLock', 'SHARE', 1), ('ShareRowExclusiveLock', 'SHARE ROW EXCLUSIVE', 2), ('ExclusiveLock', 'EXCLUSIVE', 3),
       ('AccessExclusiveLock', 'ACCESS EXCLUSIVE', 4)) AS s(name, mode, rank) ON s.name = l.mode
     JOIN pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p', 'm')
     WHERE l.pid = $1 AND l.granted AND l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     ORDER BY s.rank DESC, c.oid LIMIT 1`,
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
