import { heldTooLong, watchHold } from "../lock/hold-watch.js";
import type { Session } from "../session/session.js";
import { isCancelled } from "../session/sql-state.js";
import type { RunContext } from "./run-context.js";

/**
 * The work, ended where it keeps writers out for longer than the policy allows.
 * @param takenBeforehand whether it holds such a lock from the beginning.
 * @throws BelayError `lock-held-too-long`, or what the work throws.
 */
export async function withinHold<T>(
  context: RunContext,
  session: Session,
  takenBeforehand: boolean,
  work: () => Promise<T>,
): Promise<T> {
  const { target, change, lock, report, signal } = context;
  const { holdMs } = lock;
  const warn = (message: string): void => report({ kind: "warning", target: target.name, message });
  const hold = watchHold(target.operator, session, { holdMs, takenBeforehand, warn });
  try {
    return await work();
  } catch (thrown) {
    const held = hold.exceeded();
    if (held === null || !isCancelled(thrown) || signal.aborted) throw thrown;
    throw heldTooLong(`${target.name}: ${change}`, held, holdMs, thrown);
  } finally {
    await hold.stop();
  }
}
