/** Holds batches back while something says that the database has enough to do. */
export interface Throttle {
  /**
   * Resolves when the next batch may run.
   * @throws BelayError `interrupted` where nothing more is to run.
   */
  readonly clear: () => Promise<void>;
  /**
   * Asks, between two tries of one batch, whether it is still wanted; waits for nothing.
   * @throws BelayError `interrupted` where it is not.
   */
  readonly heed: () => Promise<void>;
}

/** Watches for the length of `work`, which asks before each batch. */
export type Throttled = <T>(work: (throttle: Throttle) => Promise<T>) => Promise<T>;

/** Nothing holds anything back: so it is on the way back, where a red gate may be the very reason to go there. */
export const unthrottled: Throttled = (work) => work({ clear: async () => undefined, heed: async () => undefined });
