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
  /** The age of the oldest transaction in the way, in milliseconds; 0 where none was seen. */
  readonly oldestMs: number;
  /** For how long it has been tried, in milliseconds. */
  readonly waitedMs: number;
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
/** How often it is asked without queueing while an old transaction is in the way, in milliseconds. */
const pollMs = 200;
/** After so long one try in four queues all the same, in milliseconds: where one old transaction follows another there may never be a moment without any. */
const queueAfterMs = 10_000;
const queueEvery = 4;

/**
 * The n-th try, from 0: first without queueing at all, then for a short and growing time, never above the budget, with pauses that grow too and are spread by
 * chance, so that two who want the same do not meet again and again. To queue helps where many short transactions take turns: those that come later are kept back.
 * It does not help against one that has lasted for longer than the budget, so then it is asked without queueing, and nobody waits for us. An autovacuum gives way
 * only to who has waited for deadlock_timeout (manual, 25.1.6).
 */
export function lockTry(attempt: number, options: LockScheduleOptions): LockTry {
  const { budgetMs, oldestMs, waitedMs, vacuumMs, random } = options;
  if (attempt === 0) return { waitMs: 0, pauseMs: spread(firstWaitMs, random) };
  const growing = firstWaitMs * 2 ** Math.min(attempt - 1, 20);
  const pauseMs = spread(Math.min(longestPauseMs, 2 * growing), random);
  if (vacuumMs !== null) {
    return { waitMs: attempt % vacuumEvery === 0 ? vacuumMs + vacuumMarginMs : 0, pauseMs };
  }
  const queues = oldestMs <= budgetMs || (waitedMs > queueAfterMs && attempt % queueEvery === 0);
  if (!queues) return { waitMs: 0, pauseMs: spread(Math.min(pollMs, 2 * growing), random) };
  return { waitMs: Math.max(1, Math.min(budgetMs, growing)), pauseMs };
}

/** Half to one and a half of it. */
function spread(ms: number, random: number): number {
  return ms * (0.5 + random);
}
