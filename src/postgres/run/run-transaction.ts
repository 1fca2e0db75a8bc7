import { keepsWritersOut, type WantedLocks } from "../../plan/wanted-locks.js";
import type { Blocker } from "../../progress.js";
import { quoteLiteral } from "../../sql/quote.js";
import type { Session } from "../session/session.js";
import { isConnectionLost, isLockTimeout, sqlStateOf } from "../session/sql-state.js";
import { cancellable, pauseUnless } from "./cancellable.js";
import { CommitUnknown } from "./commit-unknown.js";
import { endOld } from "./end-old.js";
import { inTheWayOf, nextTry, patienceSpent } from "./in-the-way.js";
import { sessionName, type RunContext } from "./run-context.js";
import { watchBlockers } from "./watch-blockers.js";
import { remark } from "./remark.js";
import { withinHold } from "./within-hold.js";

export type { LockObserver, RunContext } from "./run-context.js";

/** A transaction in which nothing is known to lock what is there already. */
const noLocks: WantedLocks = { locks: [], removes: [] };

/**
 * Runs `work` in a transaction. All locks that it is known to need are taken before its first statement, in one order: at first without queueing, then with
 * short and growing timeouts, never above the budget for all of them together. What cannot be had in time is given up, all locks with it, and tried again
 * after a pause, until the patience is spent. A lock that keeps writers out is not held for longer than the policy allows.
 * @throws BelayError `lock-patience-spent`, `lock-held-too-long`, `interrupted`, or what `work` throws; the transaction is rolled back.
 */
export async function runTransaction<T>(
  context: RunContext,
  statement: string,
  work: (session: Session) => Promise<T>,
  wanted: WantedLocks = noLocks,
): Promise<T> {
  const startedAt = Date.now();
  let blockers: readonly Blocker[] = [];
  for (let attempt = 0; ; attempt += 1) {
    const { waitMs, pauseMs } = await nextTry(context, attempt, Date.now() - startedAt, blockers);
    const outcome = await tryOnce(context, opening(context, statement, wanted, waitMs), wanted, work);
    if (outcome.kind === "done") return outcome.value;
    const waitedMs = Date.now() - startedAt;
    blockers = outcome.blockers;
    const { target, change, report } = context;
    report({ kind: "waiting", target: target.name, change, statement, waitedMs, blockers });
    if (waitedMs > context.lock.patienceMs) throw patienceSpent(context, statement, blockers, outcome.thrown);
    await endOld(context, blockers, () => inTheWayOf(context, wanted));
    await pauseUnless(context, pauseMs);
  }
}

type Outcome<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "locked"; readonly blockers: readonly Blocker[]; readonly thrown: unknown };

async function tryOnce<T>(
  context: RunContext,
  begin: string,
  wanted: WantedLocks,
  work: (session: Session) => Promise<T>,
): Promise<Outcome<T>> {
  const session = await context.target.worker();
  const waiting = watchBlockers(context, session.pid);
  session.xid = null;
  try {
    const value = await cancellable(context, session, async () => {
      await session.client.query(begin);
      // Deferred constraints and triggers run in the COMMIT.
      return withinHold(context, session, keepsWritersOut(wanted), async () => {
        const result = await work(session);
        await commit(context, session);
        return result;
      });
    });
    context.observer?.committed();
    return { kind: "done", value };
  } catch (thrown) {
    if (session.alive() && !isConnectionLost(thrown)) await session.query("ROLLBACK");
    // 40P01: somebody else's statement and ours wanted each other's locks, and the server chose ours to give way.
    if (!isLockTimeout(thrown) && sqlStateOf(thrown) !== "40P01") throw thrown;
    await waiting.stop();
    const inTheWay = await inTheWayOf(context, wanted);
    return { kind: "locked", blockers: inTheWay.length > 0 ? inTheWay : waiting.seen(), thrown };
  } finally {
    await waiting.stop();
  }
}

/**
 * What begins a transaction, in one message: a round trip less is a moment less under locks. The comment tells whoever looks at pg_stat_activity what the locks are for.
 */
function opening(context: RunContext, statement: string, wanted: WantedLocks, waitMs: number): string {
  const { budgetMs, holdMs } = context.lock;
  const parts = [
    `/* ${remark(statement)} */ BEGIN`,
    `SET LOCAL lock_timeout = ${Math.max(1, Math.min(budgetMs, waitMs || budgetMs))}`,
    `SET LOCAL application_name = ${quoteLiteral(sessionName(context))}`,
  ];
  // The server's own bound, for a client that is stopped or cut off under such a lock.
  if (keepsWritersOut(wanted)) parts.push(`SET LOCAL idle_in_transaction_session_timeout = ${holdMs}`);
  if (wanted.locks.length > 0 || wanted.removes.length > 0) {
    const removes = wanted.removes.map(quoteLiteral).join(", ");
    const locks = quoteLiteral(JSON.stringify(wanted.locks));
    parts.push(`SELECT belay.take_locks(${locks}, ARRAY[${removes}]::text[], ${Math.round(waitMs)}, ${budgetMs})`);
  }
  return parts.join("; ");
}

async function commit(context: RunContext, session: Session): Promise<void> {
  const { xid } = session;
  try {
    await session.query("COMMIT");
  } catch (thrown) {
    throw isConnectionLost(thrown) ? new CommitUnknown(context.change, xid, thrown) : thrown;
  }
}
