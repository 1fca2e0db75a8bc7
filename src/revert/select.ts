import { findChange } from "../change/find.js";
import { parseChangeId } from "../change/change-id.js";
import { BelayError } from "../errors.js";
import { withDependents, type AppliedChange, type TargetState } from "../journal/target-state.js";

/** What a person asked to take back. */
export type Selection =
  | { readonly kind: "changes"; readonly names: readonly string[] }
  | { readonly kind: "last" }
  | { readonly kind: "to"; readonly name: string }
  | { readonly kind: "rollout"; readonly id: string };

export interface Selected {
  /** In the order in which they go: dependents first, the newest first. */
  readonly revert: readonly AppliedChange[];
  /** Asked for, and taken back before. */
  readonly already: readonly string[];
  /** Asked for, and not known on this target. */
  readonly unknown: readonly string[];
}

/** What the selection means on one target. Pure. */
export function select(selection: Selection, state: TargetState): Selected {
  switch (selection.kind) {
    case "last":
      return withAllDependents(state, state.applied.slice(-1));
    case "rollout":
      return withAllDependents(
        state,
        state.applied.filter((change) => change.rollout === selection.id),
      );
    case "to": {
      const last = findChange(named(state.applied), selection.name);
      return withAllDependents(
        state,
        state.applied.slice(state.applied.findIndex((change) => change.id === last.id) + 1),
      );
    }
    case "changes":
      return selectNamed(selection.names, state);
  }
}

function selectNamed(names: readonly string[], state: TargetState): Selected {
  const wanted: AppliedChange[] = [];
  const already: string[] = [];
  const unknown: string[] = [];
  for (const name of names) {
    const live = find(named(state.applied), name);
    const gone = find(named(state.held.filter((held) => held.why === "reverted")), name);
    if (live !== null) wanted.push(...state.applied.filter((change) => change.id === live));
    else if (gone === null) unknown.push(name);
    else already.push(gone);
  }
  return { ...withAllDependents(state, wanted), already, unknown };
}

function withAllDependents(state: TargetState, wanted: readonly AppliedChange[]): Selected {
  const ids = wanted.map(({ id }) => id);
  return { revert: withDependents(state, ids), already: [], unknown: [] };
}

interface Named {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly title: string;
}

/** The ledger knows a change by its id and its title alone. */
function named(changes: readonly { readonly id: string; readonly title: string | null }[]): readonly Named[] {
  return changes.map(({ id, title }) => {
    const parsed = parseChangeId(id);
    return { id, version: parsed?.version ?? id, name: parsed?.name ?? id, title: title ?? id };
  });
}

/** The id that is meant; null where none fits. An ambiguous name is an error: an emergency is no time to guess. */
function find(changes: readonly Named[], name: string): string | null {
  try {
    return findChange(changes, name).id;
  } catch (thrown) {
    if (thrown instanceof BelayError && thrown.code === "change-unknown") return null;
    throw thrown;
  }
}
