import type { Batch } from "../sql/batch.js";
import type { LockMode } from "../sql/effects.js";
import type { QualifiedName } from "../sql/name.js";
import type { Retyping } from "../sql/retyping.js";
import type { RowWriting } from "../sql/row-writing.js";
import type { Origin } from "../sql/statement.js";

/** What the catalog must say after a statement outside a transaction, for it to count as done. */
export type Verification =
  | { readonly kind: "index-valid"; readonly index: QualifiedName }
  | { readonly kind: "index-gone"; readonly index: QualifiedName }
  | { readonly kind: "detached"; readonly parent: QualifiedName; readonly partition: QualifiedName }
  | { readonly kind: "reindexed"; readonly relation: QualifiedName }
  | { readonly kind: "none" };

/**
 * What a step is for that is not the author's as it is written: `keep` copies values and `restore` puts them back, `hide` and `unhide` do so without copying, and `finish`
 * checks what came back; `write` writes rows and keeps what it found there; `compare` marks those that are still as they were left, `return` puts them back, and `see`
 * looks at them again after their table was given another shape.
 */
export type Purpose = "keep" | "restore" | "hide" | "unhide" | "finish" | "write" | "compare" | "return" | "see";

/** One statement of a compiled plan. */
export interface Step {
  /** What runs. */
  readonly sql: string;
  /** The statement's kind, as PostgreSQL's manual names it: `CREATE INDEX`. */
  readonly command: string;
  /** Why Belay put it there; null for a statement of the author's. */
  readonly purpose: Purpose | null;
  readonly locks: readonly { readonly relation: string; readonly mode: LockMode }[];
  /** Keys of what it makes. */
  readonly makes: readonly string[];
  /** What it makes, when it has IF NOT EXISTS and may meet an existing object instead. */
  readonly mayMeet: readonly ObjectKey[];
  /** Keys of what it removes: left alone where the way up only met them. */
  readonly removes: readonly string[];
  readonly verification: Verification;
  /** Keys of what the other half hides: where all of it came back, this has nothing left to do. */
  readonly unless?: readonly string[];
  /** What the author wrote, where this is not it. */
  readonly origin?: Origin;
  /** The role that the author has set for it, in a transaction. */
  readonly role?: string;
  /** Keys of all that the steps make and remove which stand for the same part of a statement: on a way back they run together, or none of them does. */
  readonly together?: readonly string[];
  /** Which types it gives to which columns, where it does nothing else. */
  readonly retyping?: Retyping;
  /** How it is cut into ranges of a key, in a section that is batched. */
  readonly batch?: Batch & BatchedRows;
}

/** What is kept of the rows that a batch writes, and what it puts back there. */
export interface BatchedRows {
  readonly digest?: string;
  /** The number of the statement in its half. */
  readonly place?: number;
  readonly image?: RowWriting;
  /** The numbers of the statements of the other half that it undoes. */
  readonly returns?: readonly number[];
}

/** An object as the catalog is asked for it. */
export interface ObjectKey {
  readonly kind: string;
  readonly schema: string | null;
  readonly name: string;
  readonly of: string | null;
  /** `index idx_ai_model`, `column execution_tasks.ai_model`: what the ledger calls it. */
  readonly key: string;
}

/** How the statements of a section commit: together; one by itself, outside a transaction; or one in many transactions, each over a range of a key. */
export type SectionTransaction = "inside" | "outside" | "batched";

export interface Section {
  readonly transaction: SectionTransaction;
  readonly steps: readonly Step[];
}

/** Something that is gone beyond recovery. */
export interface Loss {
  readonly object: string;
  readonly what: string;
  /** Whether it becomes a loss as soon as the change is applied, or when it is taken back; left out by earlier versions, which knew of the second alone. */
  readonly when?: "applied" | "taken back";
}

/** Whether a change can be taken back without losing anything; where it can, but not without that, `loss` says what. */
export type Reversibility = "lossless" | "lossy" | "irreversible";

/** @param irreversible why there is no way back; null where there is one. */
export function reversibilityOf(loss: readonly Loss[], irreversible: string | null): Reversibility {
  if (irreversible !== null) return "irreversible";
  return loss.length > 0 ? "lossy" : "lossless";
}

/** One line about a loss. */
export function lossText({ object, what, when }: Loss): string {
  return `${object}: ${what}${when === "applied" ? ", as soon as the change is applied" : ""}`;
}

/** How a change goes forward and back. */
export type Plan =
  | {
      readonly form: "sql" | "knex";
      readonly forward: readonly Section[];
      readonly backward: readonly Section[];
      readonly loss: readonly Loss[];
      /** What the way forward makes in passing, and leaves behind where it is cut off at the wrong moment: no statement of the way back removes it. */
      readonly leftovers?: readonly ObjectKey[];
    }
  | {
      readonly form: "command";
      readonly forward: readonly string[];
      readonly backward: readonly string[];
      readonly loss: readonly Loss[];
    };

export type StatementPlan = Extract<Plan, { form: "sql" | "knex" }>;

/** All steps of some sections, in order. */
export function stepsOf(sections: readonly Section[]): readonly Step[] {
  return sections.flatMap((section) => section.steps);
}

/** Whether a step is the author's, or stands for one of the author's. */
export function isAuthors({ purpose }: Step): boolean {
  return purpose === null || purpose === "hide" || purpose === "write";
}

/** Whether a step only brings back what an earlier run of the other half has kept: where nothing is, it has nothing to do. */
export function isForKept({ purpose, batch }: Step): boolean {
  return ["compare", "restore", "return", "unhide"].includes(purpose ?? "") && batch === undefined;
}

/** What a step does, in the author's words where something of ours stands for them. */
export function authored({ sql, purpose, origin }: Step): string {
  return purpose === "hide" || purpose === "write" ? (origin?.text ?? sql) : sql;
}

/** The role under which a step runs; null for the session's own, as which all runs that is not the author's alone. */
export function roleOf({ purpose, role }: Step): string | null {
  return purpose === null ? (role ?? null) : null;
}

/** One transaction cannot be cut off half-way; all else begins with an entry of its own, so that the next command knows. */
export function isBracketed(sections: readonly Section[]): boolean {
  return sections.length !== 1 || sections[0]?.transaction !== "inside";
}
