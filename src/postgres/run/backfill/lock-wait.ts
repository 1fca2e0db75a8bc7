import type { Session } from "../../session/session.js";
import { isCancelled, isConnectionLost } from "../../session/sql-state.js";

/** How often it is looked whether the session waits, in milliseconds. */
const lookEveryMs = 50;

/**
 * Does the work on a session, and gives for how long it waited there for locks, in milliseconds: by looking at it from outside (manual, 27.2.3:
 * pg_stat_activity), since the server does not add that up. Good to one look.
 */
export async function measuringLockWait<T>(
  operator: Session,
  pid: number,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly waitedMs: number }> {
  let waitedMs = 0;
  let lookedAt = performance.now();
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    try {
      const [row] = await operator.query<{ waits: boolean }>(
        "SELECT wait_event_type = 'Lock' AS waits FROM pg_stat_activity WHERE pid = $1",
        [pid],
      );
      const now = performance.now();
      if (row?.waits === true) waitedMs += now - lookedAt;
      lookedAt = now;
    } catch (thrown) {
      // The next statement on the operator's session says so; that the time is not known does no harm, nor does a look that somebody cancelled.
      if (!isConnectionLost(thrown) && !isCancelled(thrown)) throw thrown;
      if (isConnectionLost(thrown)) clearInterval(timer);
    }
    looking = null;
  };
  const timer = setInterval(() => {
    if (looking !== null) return;
    looking = look();
    looking.catch(() => undefined); // thrown where it is waited for, below
  }, lookEveryMs);
  try {
    const value = await work();
    return { value, waitedMs };
  } finally {
    clearInterval(timer);
    await looking;
  }
}
