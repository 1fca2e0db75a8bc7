/** A query, and the rows that it must give, each a list of texts or nulls. */
export type Pinned = readonly [query: string, ...rows: readonly (readonly (string | null)[])[]];

/** One change, the database that it meets, and what must come of it. */
export interface Case {
  readonly name: string;
  /** The first major version of PostgreSQL that knows what it uses; 14 by default. */
  readonly since?: number;
  /** SQL that makes the database as it is before: S0, with its rows. */
  readonly before: string;
  /** The halves of the change, as an author writes them. */
  readonly up: string;
  readonly down: string;
  /** What the application does while the change is applied. */
  readonly write?: string;
  /** What is to be read while the change is applied, before anybody writes. */
  readonly afterUp?: readonly Pinned[];
  /** What is to be read after each way back. */
  readonly afterDown?: readonly Pinned[];
  /** What is to be read when the change is applied again: what was written meanwhile is there. */
  readonly afterAgain?: readonly Pinned[];
  /**
   * Rows that `write` touches, by table of S0 (`public.t`) and the texts of their keys. Only where that cannot be told from the contents: where a change gives
   * a table or its columns another name.
   */
  readonly touched?: { readonly [table: string]: readonly string[] };
  /** The change, applied again, does to the application's rows what it did to others: they are not what was written. `afterAgain` says what they are. */
  readonly againTouches?: true;
  /** A table has no key by which values could be settled: what the way back drops stays hidden in place, where `pg_dump` sees it. */
  readonly stays?: true;
  /** What the way back loses, and nothing else may be. */
  readonly loss?: Loss;
  /** Why Belay does not keep to it yet. A case that has this and passes fails: then take it away. */
  readonly today?: string;
}

export interface Loss {
  /** The objects that the artifact's manifest must name as lost, in any order. */
  readonly named: readonly string[];
  /** The columns of S0 whose values do not return, by table; each of these must really be lost. */
  readonly columns?: { readonly [table: string]: readonly string[] };
}
