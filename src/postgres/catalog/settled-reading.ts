import type pg from "pg";
import { BelayError, messageOf } from "../../errors.js";
import { sqlStateOf } from "../session/sql-state.js";
import { withPinnedSettings } from "./pinned-settings.js";

/** How long a catalog in which others make and drop objects without a pause is tried to be read, in milliseconds. */
const patienceMs = 30_000;
const pauseMs = 50;

/** XX000: "cache lookup failed", "could not open relation"; 40P01: the definition of a view locks what it reads, and somebody locks the same in another order. */
const passing: readonly string[] = ["XX000", "40P01"];

/**
 * Reads a catalog under pinned settings, and reads it anew where an object was dropped in the midst of that: the functions that print a definition look at the
 * catalog as it is at that moment, not at the transaction's snapshot, and fail on what is gone.
 * @throws BelayError `catalog-unsettled` (refused) where that does not end.
 */
export async function settledReading<T>(client: pg.ClientBase, read: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    try {
      return await withPinnedSettings(client, read);
    } catch (thrown) {
      if (!passing.includes(sqlStateOf(thrown) ?? "")) throw thrown;
      if (Date.now() > giveUpAt) throw unsettled(thrown);
      await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random())));
    }
  }
}

function unsettled(thrown: unknown): BelayError {
  const message = `The catalog could not be read within ${patienceMs} ms: ${messageOf(thrown)}.`;
  return new BelayError("refused", "catalog-unsettled", message, {
    hint: "Somebody makes and drops objects in this database without a pause, or its catalog is damaged. Run it again when that has ended.",
    cause: thrown,
  });
}
