import type { Direction } from "./journal/entry.js";
import type { Measurement } from "./gate/measurement.js";

/** Who stands in the way of a lock. */
export interface Blocker {
  readonly pid: number;
  readonly user: string;
  readonly application: string;
  readonly state: string;
  /** Age of its transaction, in seconds. */
  readonly ageSeconds: number;
  readonly query: string;
  readonly kind: "session" | "autovacuum" | "wraparound vacuum" | "prepared transaction";
  /** When its server process began, as the server writes it: a process id alone may be somebody else's by now. Empty for a prepared transaction. */
  readonly backendStart: string;
  /** What can be said beside its query: how far a vacuum is, or what would end a prepared transaction. */
  readonly detail: string;
}

/** How a statement that runs in batches gets on. */
export interface Pace {
  /** Rows of the table that it has passed, and those of them that it has changed. */
  readonly seenRows: number;
  readonly changedRows: number;
  /** How many there are, by the table's statistics: an estimate. Null where there are none. */
  readonly aboutRows: number | null;
  readonly rowsPerSecond: number;
  /** An estimate as well; null where nothing can be said. */
  readonly remainingMs: number | null;
  readonly finished: boolean;
}

/** What an engine tells while it works; present/ turns it into lines. */
export type Progress =
  | { readonly kind: "note"; readonly target: string | null; readonly message: string }
  | { readonly kind: "warning"; readonly target: string | null; readonly message: string }
  | { readonly kind: "target-started"; readonly target: string; readonly stage: string; readonly changes: number }
  | {
      readonly kind: "step-started";
      readonly target: string;
      readonly change: string;
      readonly direction: Direction;
      readonly statement: string;
    }
  | {
      /** How far a statement is that the server watches, such as the build of an index. */
      readonly kind: "step-progress";
      readonly target: string;
      readonly change: string;
      readonly statement: string;
      /** As the server calls it: `building index: scanning table`. */
      readonly phase: string;
      /** In blocks, rows or transactions, whichever the phase counts; 0 of 0 where it counts nothing. */
      readonly done: number;
      readonly total: number;
    }
  | {
      readonly kind: "step-done";
      readonly target: string;
      readonly change: string;
      readonly direction: Direction;
      readonly statement: string;
      readonly durationMs: number;
    }
  | {
      readonly kind: "waiting";
      readonly target: string;
      readonly change: string;
      readonly statement: string;
      readonly waitedMs: number;
      readonly blockers: readonly Blocker[];
    }
  | {
      readonly kind: "blocker-ended";
      readonly target: string;
      readonly blocker: Blocker;
      readonly how: "cancelled" | "terminated";
    }
  | {
      readonly kind: "batch-done";
      readonly target: string;
      readonly change: string;
      readonly direction: Direction;
      readonly statement: string;
      readonly pace: Pace;
    }
  | {
      readonly kind: "throttled";
      readonly target: string;
      readonly gate: string;
      readonly held: boolean;
      readonly reason: string;
    }
  | {
      readonly kind: "change-done";
      readonly target: string;
      readonly change: string;
      readonly direction: Direction;
      readonly durationMs: number;
    }
  | {
      readonly kind: "measured";
      readonly target: string;
      readonly gate: string;
      readonly phase: string;
      readonly measurement: Measurement;
    }
  | {
      readonly kind: "gate-decided";
      readonly target: string;
      readonly gate: string;
      readonly phase: string;
      readonly verdict: string;
      readonly reason: string;
    }
  | { readonly kind: "baking"; readonly stage: string; readonly remainingMs: number }
  | { readonly kind: "stage-done"; readonly stage: string }
  | { readonly kind: "turning-back"; readonly message: string }
  | {
      readonly kind: "proved-back";
      readonly target: string;
      readonly equal: boolean;
      readonly differences: readonly string[];
    }
  | { readonly kind: "rehearsing"; readonly change: string }
  | {
      readonly kind: "assertion";
      readonly change: string;
      readonly name: string;
      readonly passed: boolean;
      readonly detail: string;
    };

export type Report = (progress: Progress) => void;
