import { BelayError } from "../errors.js";
import type { ChangeId } from "./change-id.js";

interface Named extends ChangeId {
  readonly title: string;
}

/**
 * The change that a person means: by id, version, name, title or a unique prefix of one of them; an exact match goes before a
 * prefix.
 * @throws BelayError `change-unknown` or `change-ambiguous`, listing what would fit.
 */
export function findChange<C extends Named>(changes: readonly C[], wanted: string): C {
  const exact = byName(changes).get(wanted) ?? [];
  const found = exact.length > 0 ? exact : changes.filter((change) => hasPrefix(change, wanted));
  const [only, ...others] = found;
  if (only === undefined) {
    const known = changes.length === 0 ? "There are no changes." : `Known: ${changes.map((c) => c.id).join(", ")}.`;
    throw new BelayError("usage", "change-unknown", `No change is called "${wanted}".`, { hint: known });
  }
  if (others.length > 0) {
    const fitting = found.map((change) => change.id).join(", ");
    throw new BelayError("usage", "change-ambiguous", `"${wanted}" fits several changes: ${fitting}.`, {
      hint: "Give the whole id.",
    });
  }
  return only;
}

const indexes = new WeakMap<readonly Named[], ReadonlyMap<string, readonly Named[]>>();

/** The changes by each of their names, put together once for each list. */
function byName<C extends Named>(changes: readonly C[]): ReadonlyMap<string, readonly C[]> {
  const known = indexes.get(changes);
  // What was put together for this list holds nothing but its own changes.
  if (known !== undefined) return known as ReadonlyMap<string, readonly C[]>;
  const index = new Map<string, C[]>();
  for (const change of changes) {
    for (const name of new Set(namesOf(change))) {
      const list = index.get(name);
      if (list === undefined) index.set(name, [change]);
      else list.push(change);
    }
  }
  indexes.set(changes, index);
  return index;
}

function namesOf(change: Named): readonly string[] {
  return [change.id, change.version, change.name, change.title];
}

function hasPrefix(change: Named, wanted: string): boolean {
  return wanted !== "" && namesOf(change).some((name) => name.startsWith(wanted));
}
