import { foldTarget, type TargetState } from "../../journal/target-state.js";
import { describeDifference, differences } from "../../snapshot/difference.js";
import { fingerprint, type Snapshot } from "../../snapshot/snapshot.js";
import { expectedAfterUndo } from "../../snapshot/undo.js";
import { append, lastUnrecorded } from "./ledger.js";
import { readEntries } from "./reader.js";
import { readStoredSnapshot } from "./snapshots.js";
import { recordCatalog, type Catalog, type Recorded } from "./record-catalog.js";
import type { Session } from "../session/session.js";

/** The catalog as it should be without a change that is applied or half-way; null where the ledger cannot tell. */
export async function catalogWithout(operator: Session, state: TargetState, id: string): Promise<Snapshot | null> {
  const whole = state.applied.find((applied) => applied.id === id);
  const begun = state.open?.id === id ? state.open.before : null;
  const before = await storedOrNull(operator, whole?.before ?? begun);
  if (before === null || whole === undefined) return before;
  const after = await storedOrNull(operator, whole.after);
  const current = await storedOrNull(operator, state.expected);
  return after === null || current === null ? null : expectedAfterUndo(before, after, current);
}

/** Compares the catalog after a way back with the expected one, records the result, and gives what differs. */
export async function recordProof(
  target: Recorded & { readonly name: string },
  change: string,
  expected: Snapshot,
  now: Catalog,
): Promise<readonly string[]> {
  const found = differences(expected, now.snapshot).map(describeDifference);
  const about = { change, rollout: target.rollout, actor: target.actor };
  const equal = found.length === 0;
  const body = { target: target.name, expected: fingerprint(expected), actual: now.fingerprint, equal };
  await append(target.operator, "back-proved", about, body);
  return found;
}

/**
 * Records the catalog after the last change where that was not done, and proves the way back where it was one: whoever ran it died in between, or had no Belay.
 * Without the record a later way back could not tell this change's effect from the next one's.
 */
export async function recordMissed(
  target: Recorded & { readonly name: string },
  note: (message: string) => void,
): Promise<void> {
  const last = await lastUnrecorded(target.operator);
  if (last === null) return;
  const now = await recordCatalog(target, last.change);
  // The way back of a rollout is proved as a whole, by the rollout.
  if (last.kind !== "reverted" || last.rollout !== null) return;
  const earlier = (await readEntries(target.operator)).filter(({ seq }) => seq < last.seq);
  const expected = await catalogWithout(target.operator, foldTarget(earlier), last.change);
  if (expected === null) return;
  const found = await recordProof(target, last.change, expected, now);
  note(
    found.length === 0
      ? `${last.change} was taken back, and the catalog is what it was before`
      : `${last.change} was taken back, but the catalog differs from the one before: ${found.join("; ")}`,
  );
}

async function storedOrNull(operator: Session, stored: string | null): Promise<Snapshot | null> {
  return stored === null ? null : readStoredSnapshot(operator, stored);
}
