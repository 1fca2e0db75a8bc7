import { mergeLocks, type RelationLock } from "./lock-mode.js";
import { distinctReferences, type ObjectReference } from "./object-reference.js";

/** What a statement is for: it decides who may run it, and where. */
export type StatementNature = "schema" | "data" | "query" | "transaction-control" | "session" | "utility";

/** What a statement does to a database, as far as its text tells. */
export interface Effects {
  /** For people: `CREATE INDEX`, `ALTER TABLE ADD COLUMN`, `UPDATE`. */
  readonly command: string;
  readonly nature: StatementNature;
  /**
   * "outside" where PostgreSQL refuses it in a transaction block; "own" where it should share a transaction with no other statement: its result is of no use
   * before that has committed, or it works for long under locks that others took more strongly.
   */
  readonly transaction: "inside" | "own" | "outside";
  readonly creates: readonly ObjectReference[];
  readonly drops: readonly ObjectReference[];
  /** Objects that must exist before. Functions may be PostgreSQL's own: the statement alone does not tell. */
  readonly needs: readonly ObjectReference[];
  /** Locks on relations that exist before; those that only the catalog knows (the table of a dropped index) are missing. */
  readonly locks: readonly RelationLock[];
  readonly ifExists: boolean;
  readonly ifNotExists: boolean;
  readonly cascade: boolean;
}

/** What a family of statements says about one of its own; what it leaves out is empty, false or "inside". */
export type EffectsDraft = Pick<Effects, "command" | "nature"> & Partial<Effects>;

/** Completes a draft: each object named once, one lock a relation, and nothing needed that the statement makes itself. */
export function completeEffects(draft: EffectsDraft): Effects {
  const creates = distinctReferences(draft.creates ?? []);
  const made = new Set(creates.map(identity));
  return {
    transaction: "inside",
    ifExists: false,
    ifNotExists: false,
    cascade: false,
    ...draft,
    creates,
    drops: distinctReferences(draft.drops ?? []),
    needs: distinctReferences(draft.needs ?? []).filter((each) => !made.has(identity(each))),
    locks: mergeLocks(draft.locks ?? []),
  };
}

function identity(reference: ObjectReference): string {
  return JSON.stringify([reference.kind, reference.schema, reference.name, reference.of ?? null]);
}
