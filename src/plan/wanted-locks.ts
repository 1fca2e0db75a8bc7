import { LOCK_MODES, type LockMode } from "../sql/effects.js";
import type { Step } from "./step.js";

/** A lock on a relation by its name. */
export interface WantedLock {
  readonly relation: string;
  readonly mode: LockMode;
  /** Whether partitions and inheriting tables are locked along with it. */
  readonly recurses: boolean;
  /** A partition comes or goes: the rows of the default one are looked through, and the parent's foreign keys are made for it (manual, ALTER TABLE, ATTACH PARTITION). */
  readonly withDefault: boolean;
  /** A partition goes: with it goes its part of each foreign key that refers to the parent. */
  readonly detaches: boolean;
  /** A TRUNCATE: CASCADE goes on to every table that references it, directly or through others. */
  readonly withReferencing: boolean;
}

/** The locks that a transaction will take, as far as its statements tell; what they reach through the catalog follows from `removes`. */
export interface WantedLocks {
  readonly locks: readonly WantedLock[];
  /** Keys of what the statements remove: the other end of a foreign key that goes is locked too. */
  readonly removes: readonly string[];
}

/** Up to this mode a statement locks only those partitions that it really reads or writes. */
const strongestOfData: LockMode = "ROW EXCLUSIVE";

/** Collects the strongest lock on each relation over all steps of a transaction, so that all can be taken before the first one runs. */
export function wantedLocks(steps: readonly Step[]): WantedLocks {
  const byRelation = new Map<string, WantedLock>();
  for (const lock of steps.flatMap(locksOf)) {
    const known = byRelation.get(lock.relation);
    byRelation.set(lock.relation, known === undefined ? lock : joined(known, lock));
  }
  return { locks: [...byRelation.values()], removes: [...new Set(steps.flatMap(({ removes }) => removes))] };
}

/** Whether writers wait for one of them (manual, 13.3.1). */
export function keepsWritersOut({ locks }: WantedLocks): boolean {
  return locks.some(({ mode }) => rank(mode) >= rank("SHARE"));
}

/**
 * Whether a statement outside a transaction may wait for its locks: CONCURRENTLY, and a VACUUM that is not FULL, take none for which readers or writers wait (manual,
 * 13.3.1). All others are taken for greedy: VACUUM FULL, CLUSTER and REINDEX SCHEMA keep them out.
 */
export function makesNobodyQueue({ command }: Step): boolean {
  return /CONCURRENTLY$|^VACUUM$/.test(command);
}

function locksOf({ command, locks }: Step): readonly WantedLock[] {
  const movesPartition = /TACH PARTITION|CREATE TABLE/.test(command);
  return locks.map(({ relation, mode }) => {
    // A table that a new foreign key refers to: no partition of it comes or goes.
    const isReferenced = mode === "SHARE ROW EXCLUSIVE";
    // What is attached brings its own partitions along.
    const isAttached = /ATTACH PARTITION/.test(command) && mode === "ACCESS EXCLUSIVE";
    return {
      relation,
      mode,
      recurses: rank(mode) > rank(strongestOfData) && (isReferenced || isAttached || !movesPartition),
      withDefault: movesPartition && !isReferenced,
      detaches: /DETACH PARTITION/.test(command),
      withReferencing: command === "TRUNCATE",
    };
  });
}

function joined(left: WantedLock, right: WantedLock): WantedLock {
  return {
    relation: left.relation,
    mode: rank(left.mode) >= rank(right.mode) ? left.mode : right.mode,
    recurses: left.recurses || right.recurses,
    withDefault: left.withDefault || right.withDefault,
    detaches: left.detaches || right.detaches,
    withReferencing: left.withReferencing || right.withReferencing,
  };
}

function rank(mode: LockMode): number {
  return LOCK_MODES.indexOf(mode);
}
