import type { Pace } from "../../../progress.js";
import type { BatchRun, Watermark } from "../../ledger/batches.js";

/** How many seconds of the past the rate looks at, about. */
const memoryMs = 10_000;

/** Follows how a statement gets on: from where it stood when this process began, `startedAtMs`. */
export function paceFrom(
  { aboutRows, seenRows }: Watermark,
  startedAtMs: number,
): (run: BatchRun, nowMs: number) => Pace {
  let last = { seenRows, atMs: startedAtMs, rate: 0 };
  return (run, nowMs) => {
    const passedMs = Math.max(1, nowMs - last.atMs);
    const rate = ((run.seenRows - last.seenRows) / passedMs) * 1_000;
    const weight = last.rate === 0 ? 1 : 1 - Math.exp(-passedMs / memoryMs);
    const rowsPerSecond = last.rate + (rate - last.rate) * weight;
    last = { seenRows: run.seenRows, atMs: nowMs, rate: rowsPerSecond };
    const whole = Math.max(1, nowMs - startedAtMs);
    return {
      seenRows: run.seenRows,
      changedRows: run.changedRows,
      aboutRows,
      rowsPerSecond: run.finished ? ((run.seenRows - seenRows) / whole) * 1_000 : rowsPerSecond,
      remainingMs: run.finished ? 0 : remainingMs(aboutRows, run.seenRows, rowsPerSecond),
      finished: run.finished,
    };
  };
}

/** Null also where more rows were passed than the statistics knew of: then they say nothing about the end. */
function remainingMs(aboutRows: number | null, seenRows: number, rowsPerSecond: number): number | null {
  if (aboutRows === null || aboutRows < seenRows || rowsPerSecond <= 0) return null;
  return ((aboutRows - seenRows) / rowsPerSecond) * 1_000;
}
