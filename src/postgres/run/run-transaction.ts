import { BelayError } from "../../errors.js";
import { keepsWritersOut, type WantedLocks } from "../../plan/wanted-locks.js";
import type { Blocker } from "../../progress.js";
import { quoteLiteral } from "../../sql/quote.js";
import { blockersOf, holdersOf, nameBlocker, resolveLocks } from "../lock/blockers.js";
import { heldTooLong, watchHold } from "../lock/hold-watch.js";
import { lockTry } from "../lock/lock-schedule.js";
import type { Session } from "../session/session.js";
import { isCancelled, isConnectionLost, isLockTimeout, sqlStateOf } from "../session/sql-state.js";
import { cancellable, pauseUnless } from "./cancellable.js";
import { CommitUnknown } from "./commit-unknown.js";
import { endOld } from "./end-old.js";
import { sessionName, type RunContext } from "./run-context.js";

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
    const { waitMs, pauseMs } = lockTry(attempt, {
      budgetMs: context.lock.budgetMs,
      oldestMs: 1_000 * Math.max(0, ...blockers.map(({ ageSeconds }) => ageSeconds)),
      waitedMs: Date.now() - startedAt,
      vacuumMs: await vacuumPatience(context, blockers),
      random: Math.random(),
    });
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
  const waiting = watchBlockers(context.target.operator, session.pid);
  try {
    const value = await cancellable(context, session, async () => {
      await session.client.query(begin);
      const result = await bounded(context, session, work);
      await commit(context, session);
      return result;
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
    `/* ${statement
      .replaceAll(/\s+/g, " ")
      .replaceAll(/\*\/|\/\*/g, "* /")
      .slice(0, 200)} */ BEGIN`,
    `SET LOCAL lock_timeout = ${Math.max(1, Math.min(budgetMs, waitMs || budgetMs))}`,
    `SET LOCAL application_name = ${quoteLiteral(sessionName(context))}`,
  ];
  // The server's own bound, for a client that is stopped or cut off under such a lock.
  if (keepsWritersOut(wanted)) parts.push(`SET LOCAL idle_in_transaction_session_timeout = ${holdMs}`);
  if (wanted.locks.length > 0) {
    const removes = wanted.removes.map(quoteLiteral).join(", ");
    const locks = quoteLiteral(JSON.stringify(wanted.locks));
    parts.push(`SELECT belay.take_locks(${locks}, ARRAY[${removes}]::text[], ${Math.round(waitMs)}, ${budgetMs})`);
  }
  return parts.join("; ");
}

/** The work, ended where it keeps writers out for too long. */
async function bounded<T>(context: RunContext, session: Session, work: (session: Session) => Promise<T>): Promise<T> {
  const { holdMs } = context.lock;
  const hold = watchHold(context.target.operator, session, holdMs);
  try {
    return await work(session);
  } catch (thrown) {
    const lock = hold.exceeded();
    if (lock === null || !isCancelled(thrown) || context.signal.aborted) throw thrown;
    throw heldTooLong(`${context.target.name}: ${context.change}`, lock, holdMs, thrown);
  } finally {
    await hold.stop();
  }
}

async function commit(context: RunContext, session: Session): Promise<void> {
  const { xid } = session;
  try {
    await session.query("COMMIT");
  } catch (thrown) {
    throw isConnectionLost(thrown) ? new CommitUnknown(context.change, xid, thrown) : thrown;
  }
}

/** Looked up from outside when all our locks are given up: who holds what we want. */
async function inTheWayOf(context: RunContext, wanted: WantedLocks): Promise<readonly Blocker[]> {
  if (wanted.locks.length === 0) return [];
  const worker = await context.target.worker();
  return holdersOf(context.target.operator, worker.pid, await resolveLocks(worker, wanted));
}

/** The server's deadlock_timeout in milliseconds, where an autovacuum alone is in the way: it is cancelled for whoever waits that long. */
async function vacuumPatience(context: RunContext, blockers: readonly Blocker[]): Promise<number | null> {
  if (blockers.length === 0 || blockers.some(({ kind }) => kind !== "autovacuum")) return null;
  const [row] = await context.target.operator.query<{ ms: number }>(
    "SELECT setting::int AS ms FROM pg_settings WHERE name = 'deadlock_timeout'",
  );
  return row?.ms ?? null;
}

function patienceSpent(
  context: RunContext,
  statement: string,
  blockers: readonly Blocker[],
  cause: unknown,
): BelayError {
  const who = blockers.map(nameBlocker).join("; ");
  const message = `${context.target.name}: no lock for "${statement}" within ${context.lock.patienceMs} ms${who === "" ? "" : `; held by ${who}`}.`;
  return new BelayError("refused", "lock-patience-spent", message, {
    hint: "Run it again when that has ended, raise policy.lock.patience, or end who is in the way: --terminate-blockers 10m.",
    cause,
  });
}

/** How often the blockers are looked at while a statement runs, in milliseconds. */
const lookEveryMs = 40;

/** Looks from outside at who blocks the worker in the midst of its work, and remembers the last ones seen. */
function watchBlockers(operator: Session, pid: number): { seen: () => readonly Blocker[]; stop: () => Promise<void> } {
  let last: readonly Blocker[] = [];
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    try {
      const now = await blockersOf(operator, pid);
      if (now.length > 0) last = now;
    } catch (thrown) {
      // A lost operator session is reported by the next statement that needs it; anything else is not known here.
      if (!isConnectionLost(thrown)) throw thrown;
      clearInterval(timer);
    }
    looking = null;
  };
  const timer = setInterval(() => {
    looking ??= look();
  }, lookEveryMs);
  return {
    seen: () => last,
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}
