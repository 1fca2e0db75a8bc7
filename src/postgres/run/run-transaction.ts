import { BelayError } from "../../errors.js";
import type { Blocker, Report } from "../../progress.js";
import type { Direction } from "../../journal/entry.js";
import { blockersOf } from "../lock/blockers.js";
import type { OpenTarget } from "../session/open-target.js";
import type { Session } from "../session/session.js";
import { isCancelled, isConnectionLost, isLockTimeout, sqlStateOf } from "../session/sql-state.js";

/** What a statement runs under. */
export interface RunContext {
  readonly target: OpenTarget;
  readonly change: string;
  readonly direction: Direction;
  readonly lock: { readonly budgetMs: number; readonly patienceMs: number };
  readonly report: Report;
  /** Aborted: the statement under way is cancelled. */
  readonly signal: AbortSignal;
  /** Watches the locks that are taken; a rehearsal does. */
  readonly observer?: LockObserver;
  /** Added to the environment of a change's command. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Is told after each statement of a transaction, while its locks are still held, and when the transaction has ended. */
export interface LockObserver {
  readonly stepEnded: (session: Session, statement: string, durationMs: number) => Promise<void>;
  readonly committed: () => void;
}

/** The first lock timeout, in milliseconds; it grows up to the budget. */
const firstLockTimeoutMs = 50;

/**
 * Runs `work` in a transaction. No lock request of it makes anybody wait for longer than the budget: what cannot be had in time is given up, all locks with it,
 * and tried again after a pause, until the patience is spent.
 * @throws BelayError `lock-patience-spent`, `interrupted`, or what `work` throws; the transaction is rolled back.
 */
export async function runTransaction<T>(
  context: RunContext,
  statement: string,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const startedAt = Date.now();
  for (let attempt = 0; ; attempt += 1) {
    const timeoutMs = Math.max(1, Math.min(context.lock.budgetMs, firstLockTimeoutMs * 2 ** Math.min(attempt, 10)));
    const outcome = await tryOnce(context, timeoutMs, work);
    if (outcome.kind === "done") return outcome.value;
    const waitedMs = Date.now() - startedAt;
    context.report({
      kind: "waiting",
      target: context.target.name,
      change: context.change,
      statement,
      waitedMs,
      blockers: outcome.blockers,
    });
    if (waitedMs > context.lock.patienceMs) throw patienceSpent(context, statement, outcome.blockers, outcome.thrown);
    await pause(context, Math.min(1_000, timeoutMs * 2) * (0.5 + Math.random()));
  }
}

type Outcome<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "locked"; readonly blockers: readonly Blocker[]; readonly thrown: unknown };

async function tryOnce<T>(
  context: RunContext,
  lockTimeoutMs: number,
  work: (session: Session) => Promise<T>,
): Promise<Outcome<T>> {
  const session = await context.target.worker();
  const watch = watchBlockers(context.target.operator, session.pid);
  try {
    const value = await cancellable(context, session, async () => {
      await session.query("BEGIN");
      await session.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
      const result = await work(session);
      await session.query("COMMIT");
      context.observer?.committed();
      return result;
    });
    return { kind: "done", value };
  } catch (thrown) {
    if (session.alive() && !isConnectionLost(thrown)) await session.query("ROLLBACK");
    // 40P01: somebody else's statement and ours wanted each other's locks, and the server chose ours to give way.
    if (!isLockTimeout(thrown) && sqlStateOf(thrown) !== "40P01") throw thrown;
    return { kind: "locked", blockers: watch.seen(), thrown };
  } finally {
    await watch.stop();
  }
}

/** Cancels the session's statement when the signal comes, and says so in the error. */
export async function cancellable<T>(context: RunContext, session: Session, work: () => Promise<T>): Promise<T> {
  if (context.signal.aborted) throw interrupted(context);
  const cancel = (): void => {
    // The statement may have ended by itself; the work then ends as it would have.
    void context.target.operator.query("SELECT pg_cancel_backend($1)", [session.pid]).catch(() => undefined);
  };
  context.signal.addEventListener("abort", cancel, { once: true });
  try {
    return await work();
  } catch (thrown) {
    if (isCancelled(thrown) && context.signal.aborted) throw interrupted(context, thrown);
    throw thrown;
  } finally {
    context.signal.removeEventListener("abort", cancel);
  }
}

/** Waits, but not past the signal. */
async function pause(context: RunContext, ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      context.signal.removeEventListener("abort", done);
      resolve();
    }
    context.signal.addEventListener("abort", done, { once: true });
  });
  if (context.signal.aborted) throw interrupted(context);
}

function interrupted(context: RunContext, cause?: unknown): BelayError {
  const message = `${context.target.name}: ${context.change} was interrupted; its open transaction is rolled back.`;
  return new BelayError("interrupted", "interrupted", message, { cause });
}

function patienceSpent(
  context: RunContext,
  statement: string,
  blockers: readonly Blocker[],
  cause: unknown,
): BelayError {
  const who = blockers
    .map((b) => `process ${b.pid} (${b.user}, ${b.application || "no name"}, ${b.state}): ${b.query}`)
    .join("; ");
  const message = `${context.target.name}: no lock for "${statement}" within ${context.lock.patienceMs} ms${who === "" ? "" : `; held by ${who}`}.`;
  return new BelayError("refused", "lock-patience-spent", message, {
    hint: "Run it again when that has ended, or raise policy.lock.patience.",
    cause,
  });
}

/** How often the blockers are looked at while a statement runs, in milliseconds. */
const lookEveryMs = 40;

/** Looks from outside at who blocks the worker, and remembers the last ones seen. */
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
