/** What every benchmark takes. */
export interface BenchOptions {
  /** How often each contender is measured. */
  readonly runs: number;
  /** Tiny and once: shows that the benchmark works, and measures nothing. */
  readonly quick: boolean;
  /** The names of the contenders; all where it is empty. */
  readonly only: readonly string[];
  /** Of `apply`: how many changes, and how many were applied before in the long history. */
  readonly changes?: number | undefined;
  readonly history?: number | undefined;
  /** Of `backfill`: how many rows. */
  readonly rows?: number | undefined;
  /** Belay's command line, where it is not the one in dist/. */
  readonly cli?: string | undefined;
}
