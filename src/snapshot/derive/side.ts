import type { Dependencies } from "../emit/order.js";
import type { Snapshot } from "../snapshot.js";

/** One state of a catalog, with what a way from it, or to it, has to know beyond the objects themselves. */
export interface Side {
  readonly snapshot: Snapshot;
  /** What each object, each column and each default of a column stands on. */
  readonly needs: Dependencies;
  /** Where the system's catalogs hold each object: two readings of one database give the same object the same place. */
  readonly identities: ReadonlyMap<string, string>;
  /** As `server_version_num` gives it. */
  readonly serverVersion: number;
}

/** Something that the way cannot bring back, or brings back only where the rows allow it. */
export interface DerivedLoss {
  readonly object: string;
  readonly what: string;
}

/** The way from one side to the other. */
export interface Derived {
  /** In the order in which to run them, without semicolons. */
  readonly statements: readonly string[];
  readonly losses: readonly DerivedLoss[];
  /** A sentence for each thing that no statement does without losing what a user wrote; the way is none then. */
  readonly refusals: readonly string[];
}

/** Whether both sides hold, under this key, one and the same object; where their places are not known, the key alone says it. */
export function isSameObject(key: string, from: Side, to: Side): boolean {
  const [was, is] = [from.identities.get(key), to.identities.get(key)];
  return was === undefined || is === undefined || was === is;
}
