/** Up: the way forward. Down: the way back. */
export type Direction = "up" | "down";

/** What an entry's body says, by the entry's kind. */
export interface EntryBodies {
  /** The ledger was made. */
  "ledger-created": { readonly version: number };
  /** A rollout began; what it will do is frozen here. Kept in the control ledger. */
  "rollout-started": { readonly plan: FrozenPlan };
  /** A rollout turns to this target. */
  "target-started": { readonly target: string; readonly before: string };
  /** A gate came to a verdict. */
  gate: GateRecord;
  /** A change of several sections, or with one outside a transaction, begins. */
  "change-started": {
    readonly direction: Direction;
    readonly digest: string;
    readonly sections: number;
    readonly before: string | null;
    /** Up: the way back as it was sealed, so that a change that is cut off half-way needs no file to go back. Left out where only the state is read. */
    readonly artifact?: { readonly sql: string; readonly manifest: unknown };
    /** Up: what each section touches, by key; left out where nobody can tell. */
    readonly touches?: readonly (readonly string[])[];
    /** Down, of a change that was cut off half-way up: the keys of what it never came to touch. */
    readonly untouched?: readonly string[];
  };
  /** A section outside a transaction is about to run. */
  "section-intended": { readonly direction: Direction; readonly section: number; readonly statement: string };
  /** A section is done. */
  "section-done": { readonly direction: Direction; readonly section: number; readonly met?: readonly string[] };
  /** The whole change is applied. */
  applied: AppliedBody;
  /** The catalog as it was found right after a change went up or down: what drift is measured against. */
  "catalog-recorded": { readonly fingerprint: string };
  /** The whole change is taken back. */
  reverted: {
    readonly digest: string;
    readonly reason: string;
    /** It had been cut off half-way up. */
    readonly partial?: boolean;
    /** False where nobody judged the change, for example when a person only interrupted the rollout: it may run again. */
    readonly hold?: boolean;
  };
  /** Values that a change was about to drop were copied to `belay_kept`. */
  kept: {
    readonly table: string;
    readonly column: string | null;
    readonly keptAs: string;
    readonly rows: number;
    readonly key: readonly string[] | null;
  };
  /** Kept values were put back. */
  restored: { readonly keptAs: string; readonly rows: number };
  /** The change failed; nothing of it stands unless a `change-started` is open. */
  failed: { readonly digest: string; readonly message: string; readonly sqlState: string | null };
  /** A held change may run again. */
  released: { readonly reason: string };
  /** The catalog equals the one before, or not. */
  "back-proved": {
    readonly target: string;
    readonly expected: string;
    readonly actual: string;
    readonly equal: boolean;
  };
  /** Every gate of the stage passed and its bake is over. Control ledger. */
  "stage-done": { readonly stage: string };
  /** The rollout turned round. Control ledger. */
  "turned-back": {
    readonly target: string | null;
    readonly change: string | null;
    readonly gate: string | null;
    readonly message: string;
    readonly by: "failure" | "interrupt" | "abort";
  };
  /** A person's word. Control ledger. */
  approved: { readonly stage: string };
  "pause-requested": Record<string, never>;
  "resume-requested": Record<string, never>;
  "abort-requested": Record<string, never>;
  "rollout-ended": { readonly outcome: RolloutOutcome };
}

export type EntryKind = keyof EntryBodies;

export type RolloutOutcome = "completed" | "rolled_back" | "rollback_failed" | "refused" | "aborted";

export interface FrozenStage {
  readonly name: string;
  readonly targets: readonly string[];
  readonly approval: boolean;
}

/** What a rollout decided to do when it began: the same on every later look. */
export interface FrozenPlan {
  readonly digest: string;
  readonly changes: readonly { readonly id: string; readonly digest: string; readonly artifact: string }[];
  readonly stages: readonly FrozenStage[];
  /** Severity 9 and above: only a person's own approval counts, not `--yes`. */
  readonly strictApproval: boolean;
}

export interface GateRecord {
  readonly gate: string;
  readonly target: string;
  readonly phase: string;
  readonly verdict: string;
  readonly reason: string;
  readonly measurements: readonly unknown[];
}

export interface AppliedBody {
  readonly title: string;
  readonly digest: string;
  readonly requires: readonly string[];
  /** Fingerprint of the catalog before the change. */
  readonly before: string;
  /** Objects which were there already when an IF NOT EXISTS met them: the way back leaves them alone. */
  readonly met: readonly string[];
  readonly durationMs: number;
  /** The way back as it was sealed: the SQL file and its manifest. Left out where only the state is read. */
  readonly artifact?: { readonly sql: string; readonly manifest: unknown };
  readonly irreversible: string | null;
}

interface EntryCommon<K extends EntryKind> {
  /** 1, 2, 3 … without a gap. */
  readonly seq: number;
  /** The server's clock, ISO 8601 in UTC with microseconds. */
  readonly at: string;
  readonly kind: K;
  readonly rollout: string | null;
  readonly change: string | null;
  /** Who did it: user@host or a name given. */
  readonly actor: string;
  readonly body: EntryBodies[K];
}

/** One line of the ledger. */
export type Entry = { [K in EntryKind]: EntryCommon<K> }[EntryKind];
