import type { Step } from "../../../plan/step.js";
import { wantedLocks } from "../../../plan/wanted-locks.js";
import type { Blocker } from "../../../progress.js";
import type { Session } from "../../session/session.js";
import { isLockTimeout } from "../../session/sql-state.js";
import { cancellable, pauseUnless } from "../cancellable.js";
import { endOld } from "../end-old.js";
import { inTheWayOf, nextTry, patienceSpent } from "../in-the-way.js";
import type { RunContext } from "../run-context.js";
import { withinHold } from "../within-hold.js";

/**
 * Runs a statement outside a transaction that keeps readers or writers out, such as VACUUM FULL: nobody waits behind it for longer than the budget, and its locks are
 * held for no longer than the policy allows. It is tried again until the patience is spent.
 * @throws BelayError `lock-patience-spent`, `lock-held-too-long`, `interrupted`, or what the statement throws.
 */
export async function runGreedy(context: RunContext, session: Session, step: Step): Promise<void> {
  const { target, change, report, lock } = context;
  const startedAt = Date.now();
  const wanted = wantedLocks([step]);
  let blockers: readonly Blocker[] = [];
  for (let attempt = 0; ; attempt += 1) {
    const { waitMs, pauseMs } = await nextTry(context, attempt, Date.now() - startedAt, blockers);
    // It knows no NOWAIT. One that goes through many tables has the whole budget at each, or it would begin at the first again and again.
    const thrown = await tryOnce(context, session, step, wanted.locks.length === 0 ? lock.budgetMs : waitMs);
    if (thrown === null) return;
    const waitedMs = Date.now() - startedAt;
    blockers = await inTheWayOf(context, wanted);
    report({ kind: "waiting", target: target.name, change, statement: step.sql, waitedMs, blockers });
    if (waitedMs > lock.patienceMs) throw patienceSpent(context, step.sql, blockers, thrown);
    await endOld(context, blockers, () => inTheWayOf(context, wanted));
    await pauseUnless(context, pauseMs);
  }
}

/** Gives the error of a lock that was not to be had, or null where it ran. */
async function tryOnce(context: RunContext, session: Session, { sql }: Step, waitMs: number): Promise<unknown> {
  await session.query(`SET lock_timeout = ${Math.max(1, Math.round(waitMs))}`);
  try {
    await cancellable(context, session, () => withinHold(context, session, false, () => session.query(sql)));
    return null;
  } catch (thrown) {
    if (!isLockTimeout(thrown)) throw thrown;
    return thrown;
  } finally {
    if (session.alive()) await session.query("SET lock_timeout = 0");
  }
}
