/** How much work a batch is to be, in milliseconds: so long may a row that it has written stay locked. */
export const batchWorkMs = 250;
/** Rows of the key that a batch passes over. */
export const smallestBatch = 50;
export const largestBatch = 50_000;
/** Of the rows of a table, one in so many may be locked by a batch: few writes of an application that are spread over the table wait for it then, and no COMMIT of theirs waits long for its WAL. */
const shareOfTable = 500;
/** A first batch that is small: nobody knows yet what a row costs. */
export const firstBatch = 500;

/** At most so much a batch grows or shrinks in one go: one odd measurement must not throw it. */
const growth = 2;
const shrinkage = 0.25;
/** Below 1, so that the size comes to rest instead of swinging about the aim, also where the time of a batch grows faster than its rows. */
const damping = 0.7;

/**
 * The size of the next batch, from what the last one took: its work, without the time for which it waited for locks. Of a table of `aboutRows` rows (null where
 * nobody knows) it is a small share, however fast it went. `belay.next_batch_size` in the ledger is the same in SQL, for artifacts.
 */
export function nextBatchSize(size: number, workMs: number, aboutRows: number | null): number {
  const factor = (batchWorkMs / Math.max(1, workMs)) ** damping;
  const wanted = Math.round(size * Math.min(growth, Math.max(shrinkage, factor)));
  const share = aboutRows === null ? largestBatch : Math.max(firstBatch, Math.floor(aboutRows / shareOfTable));
  return within(Math.min(wanted, share));
}

/** After a batch that could not have all its locks: with fewer rows it meets fewer that somebody holds. */
export function batchSizeAfterConflict(size: number): number {
  return within(Math.floor(size / 4));
}

/** The same as `nextBatchSize`, as an expression of SQL over a size, a time in milliseconds, and the rows of the table. */
export function nextBatchSizeSql(size: string, workMs: string, aboutRows: string): string {
  const factor = `power(${batchWorkMs} / greatest(1, ${workMs}), ${damping}::float8)`;
  const wanted = `floor(${size} * least(${growth}, greatest(${shrinkage}::float8, ${factor})) + 0.5)`;
  // greatest() passes over a null.
  const share = `CASE WHEN ${aboutRows} IS NULL THEN ${largestBatch} ELSE greatest(${firstBatch}, floor(${aboutRows} / ${shareOfTable})) END`;
  return `least(${largestBatch}, greatest(${smallestBatch}, least(${wanted}, ${share})))::integer`;
}

function within(size: number): number {
  return Math.min(largestBatch, Math.max(smallestBatch, size));
}
