/*
 * An open-loop schedule: queries are due at a fixed rate, whether or not those before them were answered. A wait is counted from when a query was due, so that a
 * stall shows in every query that was due while it lasted, and not only in the one that met it ("coordinated omission", Gil Tene).
 */

/** When the query with this number, from 0, is due, in ms after the start. */
export function dueAtMs(number: number, ratePerSecond: number): number {
  return (number * 1000) / ratePerSecond;
}

/** How many queries are due by `elapsedMs` after the start. */
export function dueBy(elapsedMs: number, ratePerSecond: number): number {
  if (elapsedMs < 0) return 0;
  // One less than the estimate, which floating point may have put one too high.
  let due = Math.max(0, Math.floor((elapsedMs * ratePerSecond) / 1000) - 1);
  while (dueAtMs(due, ratePerSecond) <= elapsedMs) due += 1;
  return due;
}
