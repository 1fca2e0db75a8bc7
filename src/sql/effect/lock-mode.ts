import type { QualifiedName } from "../name.js";

/** The table-level lock modes, weakest first (PostgreSQL manual, Explicit Locking). */
export const LOCK_MODES = [
  "ACCESS SHARE",
  "ROW SHARE",
  "ROW EXCLUSIVE",
  "SHARE UPDATE EXCLUSIVE",
  "SHARE",
  "SHARE ROW EXCLUSIVE",
  "EXCLUSIVE",
  "ACCESS EXCLUSIVE",
] as const;

export type LockMode = (typeof LOCK_MODES)[number];

/** A lock that a statement takes on a relation that already exists. */
export interface RelationLock {
  readonly relation: QualifiedName;
  readonly mode: LockMode;
}

export function strongerLock(left: LockMode, right: LockMode): LockMode {
  return LOCK_MODES.indexOf(left) >= LOCK_MODES.indexOf(right) ? left : right;
}

/** One lock a relation, the strongest, in the order in which the relations first come up. */
export function mergeLocks(locks: readonly RelationLock[]): readonly RelationLock[] {
  const strongest = new Map<string, RelationLock>();
  for (const lock of locks) {
    const key = JSON.stringify([lock.relation.schema, lock.relation.name]);
    const known = strongest.get(key);
    strongest.set(key, known === undefined ? lock : { ...known, mode: strongerLock(known.mode, lock.mode) });
  }
  return [...strongest.values()];
}
