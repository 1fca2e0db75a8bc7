import { percentile } from "./statistics.js";

/** What an application saw: for each query when it was due, in ms since 1970, and how long after that its answer came, in ms. */
export interface Samples {
  readonly dueAt: Float64Array;
  readonly waitMs: Float64Array;
}

/** The waits of one stretch of time, in milliseconds. */
export interface Waits {
  readonly queries: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** The waits of the queries that were due from `from` to before `to`. */
export function waitsWithin({ dueAt, waitMs }: Samples, from: number, to: number): Waits {
  const within = waitMs.filter((_, index) => {
    const at = dueAt[index] ?? Number.NaN;
    return at >= from && at < to;
  });
  return {
    queries: within.length,
    p50: percentile(within, 50),
    p99: percentile(within, 99),
    max: percentile(within, 100),
  };
}
