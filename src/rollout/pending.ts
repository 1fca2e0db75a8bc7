import type { FrozenPlan } from "../journal/entry.js";
import type { AppliedChange } from "../journal/target-state.js";

interface Known {
  readonly applied: readonly AppliedChange[];
  readonly pending: readonly string[];
}

const known = new WeakMap<FrozenPlan, Map<string, Known>>();

/** The changes of the plan that are not applied on the target, in order: what was known of an earlier look is built on where only more has been applied since. */
export function pendingOf(plan: FrozenPlan, target: string, applied: readonly AppliedChange[]): readonly string[] {
  const byTarget = known.get(plan) ?? new Map<string, Known>();
  known.set(plan, byTarget);
  const before = byTarget.get(target);
  const pending =
    before !== undefined && goesOn(before.applied, applied)
      ? without(before.pending, applied.slice(before.applied.length))
      : without(
          plan.changes.map(({ id }) => id),
          applied,
        );
  byTarget.set(target, { applied, pending });
  return pending;
}

/**
 * Whether nothing was taken back in between. The list is in the order of the entries by which changes were applied, so where the last one stands in its place by the same entry
 * as before, those before it are all there still.
 */
function goesOn(before: readonly AppliedChange[], now: readonly AppliedChange[]): boolean {
  const last = before.at(-1);
  return last === undefined || now[before.length - 1]?.seq === last.seq;
}

function without(ids: readonly string[], applied: readonly AppliedChange[]): readonly string[] {
  if (applied.length === 0) return ids;
  if (applied.length === 1 && applied[0]?.id === ids[0]) return ids.slice(1);
  const gone = new Set(applied.map(({ id }) => id));
  return ids.filter((id) => !gone.has(id));
}
