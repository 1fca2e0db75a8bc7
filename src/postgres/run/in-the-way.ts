import { BelayError } from "../../errors.js";
import type { WantedLocks } from "../../plan/wanted-locks.js";
import type { Blocker } from "../../progress.js";
import { holdersOf, nameBlocker, resolveLocks } from "../lock/blockers.js";
import { lockTry, type LockTry } from "../lock/lock-schedule.js";
import type { RunContext } from "./run-context.js";

/** Looked up from outside when all our locks are given up: who holds what we want. */
export async function inTheWayOf(context: RunContext, wanted: WantedLocks): Promise<readonly Blocker[]> {
  if (wanted.locks.length === 0 && wanted.removes.length === 0) return [];
  const worker = await context.target.worker();
  return holdersOf(context.target.operator, worker.pid, await resolveLocks(worker, wanted));
}

/** How the n-th try, from 0, asks for its locks after what the one before has met. */
export async function nextTry(
  context: RunContext,
  attempt: number,
  waitedMs: number,
  blockers: readonly Blocker[],
): Promise<LockTry> {
  return lockTry(attempt, {
    budgetMs: context.lock.budgetMs,
    oldestMs: 1_000 * Math.max(0, ...blockers.map(({ ageSeconds }) => ageSeconds)),
    waitedMs,
    vacuumMs: await vacuumPatience(context, blockers),
    random: Math.random(),
  });
}

/** The longest deadlock_timeout that others are made to wait for, in milliseconds: it is a second by default (manual, 19.12). */
const longestDeadlockTimeoutMs = 2_000;

/** The server's deadlock_timeout in milliseconds, where an autovacuum alone is in the way: it is cancelled for whoever waits that long. */
async function vacuumPatience(context: RunContext, blockers: readonly Blocker[]): Promise<number | null> {
  if (blockers.length === 0 || blockers.some(({ kind }) => kind !== "autovacuum")) return null;
  const [row] = await context.target.operator.query<{ ms: number }>(
    "SELECT setting::int AS ms FROM pg_settings WHERE name = 'deadlock_timeout'",
  );
  return row === undefined || row.ms > longestDeadlockTimeoutMs ? null : row.ms;
}

export function patienceSpent(
  { target, lock }: RunContext,
  statement: string,
  blockers: readonly Blocker[],
  cause: unknown,
): BelayError {
  const who = blockers.map(nameBlocker).join("; ");
  const message = `${target.name}: no lock for "${statement}" within ${lock.patienceMs} ms${who === "" ? "" : `; held by ${who}`}.`;
  return new BelayError("refused", "lock-patience-spent", message, {
    hint: "Run it again when that has ended, raise policy.lock.patience, or end who is in the way: --terminate-blockers 10m.",
    cause,
  });
}
