import { batchSizeAfterConflict, firstBatch, nextBatchSize } from "../../../plan/batch-size.js";
import type { BatchedRows, Step } from "../../../plan/step.js";
import type { Batch } from "../../../sql/batch.js";
import { beginBatches, runBatch, type BatchPlace, type BatchRun } from "../../ledger/batches.js";
import { sqlStateOf } from "../../session/sql-state.js";
import { runTransaction, type RunContext } from "../run-transaction.js";
import { measuringLockWait } from "./lock-wait.js";
import { paceFrom } from "./pace.js";
import type { Throttle, Throttled } from "./throttle.js";

/** A section that runs in batches. */
export interface BatchedSection {
  readonly section: number;
  readonly step: Step;
  readonly batch: Batch & BatchedRows;
  /** The section of a way forward that was cut off, where this undoes it: only what that came to is gone through. */
  readonly limitedBy: number | null;
  readonly throttled: Throttled;
}

/**
 * Runs a statement in ranges of a key, each in a transaction together with its watermark, from where it stands to the last row that was there when it began.
 * Rows that come later, beyond the last one or behind the watermark, are not its own: a default, a trigger or the application has to fill them.
 * @throws BelayError `batch-refused`, `lock-patience-spent`, `interrupted`, or what the statement throws: the batches before it stand, and the watermark says so.
 */
export async function runBatches(context: RunContext, section: BatchedSection): Promise<void> {
  const { target, change, direction } = context;
  const { step, batch, limitedBy } = section;
  const place: BatchPlace = {
    change,
    direction,
    section: section.section,
    batch,
    rollout: target.rollout,
    actor: target.actor,
  };
  const mark = await runTransaction(context, step.sql, (session) => beginBatches(session, place, limitedBy));
  const pace = paceFrom(mark, Date.now());
  await section.throttled(async (throttle) => {
    let isFirst = true;
    for await (const run of batchesOf(context, step, place, throttle, {
      aboutRows: mark.aboutRows,
      isWatched: () => isFirst,
    })) {
      isFirst = false;
      context.report({
        kind: "batch-done",
        target: target.name,
        change,
        direction,
        statement: step.sql,
        pace: pace(run, Date.now()),
      });
    }
  });
}

/** Batch after batch, each as large as the one before suggests. */
async function* batchesOf(
  context: RunContext,
  step: Step,
  place: BatchPlace,
  throttle: Throttle,
  { aboutRows, isWatched }: { readonly aboutRows: number | null; readonly isWatched: () => boolean },
): AsyncGenerator<BatchRun> {
  let size = firstBatch;
  for (;;) {
    await throttle.clear();
    let tries = 0;
    const { run, workMs } = await persisting(context, () =>
      runTransaction(context, step.sql, async (session) => {
        // It could not have its locks in time: with fewer rows it waits for fewer, and keeps fewer from others.
        if (tries > 0) {
          size = batchSizeAfterConflict(size);
          await throttle.heed();
        }
        tries += 1;
        const work = (): Promise<BatchRun> => runBatch(session, place, size);
        const { value, waitedMs } = await measuringLockWait(context.target.operator, session.pid, work);
        if (isWatched()) await context.observer?.stepEnded(session, step.sql, value.tookMs);
        return { run: value, workMs: value.tookMs - waitedMs };
      }),
    );
    yield run;
    if (run.finished) return;
    size = nextBatchSize(size, workMs, aboutRows);
  }
}

/** 40001: a transaction of somebody else came between, at an isolation level that cannot bear it. */
const serializationFailure = "40001";
const serializationPauseMs = 50;

/** Does the work again after a serialization failure, for as long as one has patience for a lock. */
async function persisting<T>(context: RunContext, work: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + context.lock.patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      if (sqlStateOf(thrown) !== serializationFailure || Date.now() > giveUpAt) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, serializationPauseMs * (0.5 + Math.random())));
    }
  }
}
