import { BelayError, messageOf } from "../../errors.js";
import type { Direction } from "../../journal/entry.js";
import type { Batch } from "../../sql/batch.js";
import type { Session } from "../session/session.js";
import { hintOf, operatorLost, sqlStateOf } from "../session/sql-state.js";

/** A section that runs in batches, and on whose behalf. */
export interface BatchPlace {
  readonly change: string;
  readonly direction: Direction;
  readonly section: number;
  readonly batch: Batch;
  readonly rollout: string | null;
  readonly actor: string;
}

/** How far a statement that runs in batches has come. */
export interface Watermark {
  /** Columns of the key that its ranges are made of, quoted. */
  readonly key: readonly string[];
  /** Rows that it will pass, by the table's statistics; null where there are none. */
  readonly aboutRows: number | null;
  /** Rows that it has passed, and those of them that it changed. */
  readonly seenRows: number;
  readonly changedRows: number;
}

export interface BatchRun {
  readonly finished: boolean;
  readonly seenRows: number;
  readonly changedRows: number;
  /** By the server's clock, lock waits included, in milliseconds. */
  readonly tookMs: number;
}

/** Where the answer to its COMMIT is lost, the server is asked for this transaction. */
const xid = "pg_current_xact_id()::text AS xid";

/**
 * Finds where the section stands, or begins it: then its key is chosen, and the last row that it goes to.
 * @param limitedBy the section of the way forward that was cut off: a way back goes only over what that has passed.
 * @throws BelayError `batch-refused` where the catalog forbids it.
 */
export async function beginBatches(session: Session, place: BatchPlace, limitedBy: number | null): Promise<Watermark> {
  const [row] = await ask<Watermark & Record<string, unknown>>(
    session,
    `SELECT key, about::float8 AS "aboutRows", seen::float8 AS "seenRows", changed::float8 AS "changedRows", ${xid}
     FROM belay.begin_batches($1, $2, $3, $4::jsonb, $5, $6, $7, $8)`,
    [...whereOf(place), limitedBy, place.rollout, place.actor, session.epoch],
  );
  return row ?? { key: [], aboutRows: null, seenRows: 0, changedRows: 0 };
}

/** Runs the next batch, over `size` rows of the key, and moves the watermark in the same transaction. */
export async function runBatch(session: Session, place: BatchPlace, size: number): Promise<BatchRun> {
  const [row] = await ask<BatchRun & Record<string, unknown>>(
    session,
    `SELECT finished, seen_rows::float8 AS "seenRows", changed_rows::float8 AS "changedRows", took_ms AS "tookMs", ${xid}
     FROM belay.run_batch($1, $2, $3, $4::jsonb, $5, $6, $7, $8)`,
    [...whereOf(place), size, place.rollout, place.actor, session.epoch],
  );
  return row ?? { finished: true, seenRows: 0, changedRows: 0, tookMs: 0 };
}

/** The watermark that moved last for a change that is half-way; null where none of its statements runs in batches. */
export async function readWatermark(session: Session, change: string): Promise<Watermark | null> {
  const [ledger] = await session.query<{ there: boolean }>(
    "SELECT to_regclass('belay.watermark') IS NOT NULL AS there",
  );
  if (ledger?.there !== true) return null;
  const [row] = await session.query<Watermark & Record<string, unknown>>(
    `SELECT key, about::float8 AS "aboutRows", seen::float8 AS "seenRows", changed::float8 AS "changedRows"
     FROM belay.watermark WHERE change = $1 ORDER BY entry DESC LIMIT 1`,
    [change],
  );
  return row ?? null;
}

function whereOf({ change, direction, section, batch }: BatchPlace): readonly unknown[] {
  return [change, direction, section, JSON.stringify(batch)];
}

async function ask<Row extends Record<string, unknown>>(
  session: Session,
  sql: string,
  values: readonly unknown[],
): Promise<readonly Row[]> {
  try {
    const rows = await session.query<Row & { xid: string }>(sql, values);
    session.xid = rows[0]?.xid ?? null;
    return rows;
  } catch (thrown) {
    const state = sqlStateOf(thrown) ?? "";
    if (state === "BE009") throw operatorLost(messageOf(thrown), thrown);
    if (!["BE020", "BE021", "BE022"].includes(state)) throw thrown;
    const hint = hintOf(thrown);
    throw new BelayError("refused", "batch-refused", messageOf(thrown).replace(/^Belay: /, ""), {
      ...(hint !== null && { hint }),
      cause: thrown,
    });
  }
}
