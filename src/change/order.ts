import { BelayError } from "../errors.js";
import type { Change } from "./change.js";
import { findChange } from "./find.js";

/**
 * Changes in the order in which they run: by version, a required one always before the one that requires it.
 * @throws BelayError `change-duplicate-version`, `change-requires-later`, `change-requires-itself`, or what findChange throws.
 */
export function orderChanges<C extends Change>(changes: readonly C[]): readonly C[] {
  const ordered = changes.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  ordered.forEach((change, index) => {
    const previous = ordered[index - 1];
    if (previous?.version === change.version) throw duplicate(previous, change);
    for (const required of requiredBy(change, ordered)) refuseLater(change, required);
  });
  return ordered;
}

/** The changes that `change` names in its `requires`, found among all. */
export function requiredBy<C extends Change>(change: Change, all: readonly C[]): readonly C[] {
  return change.directives.requires.map((wanted) => findChange(all, wanted));
}

function refuseLater(change: Change, required: Change): void {
  if (required.id === change.id) {
    throw new BelayError("usage", "change-requires-itself", `${change.id} requires itself.`);
  }
  if (required.version > change.version) {
    throw new BelayError("usage", "change-requires-later", `${change.id} requires ${required.id}, which comes later.`, {
      hint: `Give ${change.name} a version above ${required.version}.`,
    });
  }
}

function duplicate(a: Change, b: Change): BelayError {
  return new BelayError("usage", "change-duplicate-version", `${a.id} and ${b.id} have the same version.`, {
    hint: "Rename one of them, with both of its files.",
  });
}
