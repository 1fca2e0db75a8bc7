/** One try to take all locks of a transaction. */
export interface LockTry {
  /** How long it may wait, in milliseconds; 0: not at all (NOWAIT). */
  readonly waitMs: number;
  /** How long to pause after it, in milliseconds, when it was in vain: for that long nobody queues behind us. */
  readonly pauseMs: number;
}

export interface LockScheduleOptions {
  /** The longest that others may queue behind us, in milliseconds. */
  readonly budgetMs: number;
  /** The server's deadlock_timeout in milliseconds, where nothing but an autovacuum is in the way; else null. */
  readonly vacuumMs: number | null;
  /** From 0 up to, but not including, 1. */
  readonly random: number;
}

const firstWaitMs = 25;
const longestPauseMs = 1_000;
/** Every so many tries one waits long enough for an autovacuum to be cancelled by the server. */
const vacuumEvery = 3;
/** How much longer than deadlock_timeout that is, in milliseconds. */
const vacuumMarginMs = 500;

/**
 * The n-th try, from 0: first without queueing at all, then for a short and growing time, never above the budget, with pauses that grow too and are spread by
 * chance, so that two who want the same do not meet again and again. An autovacuum gives way only to who has waited for deadlock_timeout (manual, 25.1.6).
 */
export function lockTry(attempt: number, { budgetMs, vacuumMs, random }: LockScheduleOptions): LockTry {
  if (attempt === 0) return { waitMs: 0, pauseMs: spread(firstWaitMs, random) };
  const growing = firstWaitMs * 2 ** Math.min(attempt - 1, 20);
  const isLong = vacuumMs !== null && attempt % vacuumEvery === 0;
  const waitMs = isLong ? vacuumMs + vacuumMarginMs : Math.max(1, Math.min(budgetMs, growing));
  return { waitMs, pauseMs: spread(Math.min(longestPauseMs, 2 * growing), random) };
}

/** Half to one and a half of it. */
function spread(ms: number, random: number): number {
  return ms * (0.5 + random);
}
