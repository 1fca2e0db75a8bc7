/** Up: the way forward. Down: the way back. */
export type Direction = "up" | "down";

/** What an entry's body says, by the entry's kind. */
export interface EntryBodies {
  /** The ledger was made. */
  "ledger-created": { readonly version: number };
  /** A rollout began; what it will do is frozen here. Kept in the control ledger. */
  "rollout-started": { readonly plan: FrozenPlan };
  /** A rollout turns to this target. */
  "target-started": {
    readonly target: string;
    readonly before: string;
    /** The database by whatever name it is reached; left out by earlier versions. */
    readonly identity?: FrozenIdentity;
  };
  /** The ledger was copied along with its database, and a person said that it is to be at home here from now on. */
  "copy-accepted": { readonly from: FrozenIdentity; readonly identity: FrozenIdentity };
  /** A gate came to a verdict. */
  gate: GateRecord;
  /** A change of several sections, or with one outside a transaction, begins. */
  "change-started": {
    readonly direction: Direction;
    readonly digest: string;
    readonly sections: number;
    readonly before: string | null;
    /** Up: the hash of the way back as it was sealed, so that a change that is cut off half-way needs no file to go back. */
    readonly artifact?: string;
    /** Up: what each section touches, by key; left out where nobody can tell. */
    readonly touches?: readonly (readonly string[])[];
    /** Down, of a change that was cut off half-way up: the keys of what it never came to touch. */
    readonly untouched?: readonly string[];
    /** Down, of a change that was cut off within its batches. */
    readonly batched?: BatchedPart;
  };
  /** A section outside a transaction is about to run. */
  "section-intended": { readonly direction: Direction; readonly section: number; readonly statement: string };
  /** A section is done. */
  "section-done": { readonly direction: Direction; readonly section: number; readonly met?: readonly string[] };
  /** A section that runs in batches begins; where it stands is its watermark, as long as the change is half-way. */
  "batches-started": {
    readonly direction: Direction;
    readonly section: number;
    readonly relation: string;
    /** Columns of the key that its ranges are made of, quoted. */
    readonly key: readonly string[];
    /** How many rows the table has, by its statistics; null where it has none. */
    readonly aboutRows: number | null;
  };
  /** How far it was, every now and then and at its end. */
  "batches-passed": {
    readonly direction: Direction;
    readonly section: number;
    readonly batches: number;
    readonly seenRows: number;
    readonly changedRows: number;
    readonly finished: boolean;
  };
  /** A gate turned red while a change ran in batches: they wait, until it is green again. */
  throttled: { readonly gate: string; readonly target: string; readonly held: boolean; readonly reason: string };
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
  /** What a change was about to drop was hidden; where that cannot be, its values were copied to `belay_kept`. */
  kept: HiddenBody | CopiedBody | RowsBody;
  /** What was kept was put back: what was hidden as it was, what was copied row by row. */
  restored: {
    readonly kept?: number;
    readonly how?: "hidden" | "rows";
    readonly keptAs?: string;
    readonly rows?: number;
    /** Rows that somebody has changed since, and that stay so. */
    readonly stayed?: number;
  };
  /** The values of a hidden column were copied to `belay_kept`, and the column dropped. */
  settled: CopiedBody & { readonly kept: number };
  /** What was kept was dropped for good. */
  purged: { readonly kept: number; readonly objects: readonly string[] };
  /** The change failed; nothing of it stands unless a `change-started` is open. */
  failed: { readonly digest: string; readonly message: string; readonly sqlState: string | null };
  /** Somebody who stood in the way of a lock was ended, as a person had asked. */
  "blocker-ended": {
    readonly how: "cancelled" | "terminated";
    readonly blocker: {
      readonly pid: number;
      readonly user: string;
      readonly application: string;
      readonly state: string;
      readonly ageSeconds: number;
      readonly query: string;
    };
  };
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

/** Something that was hidden in place of being dropped, with the statements that bring it back and those that drop it. */
export interface HiddenBody {
  readonly how: "hidden";
  readonly direction: Direction;
  readonly digest: string;
  readonly keys: readonly string[];
  /** Everything that went with it, as people call it. */
  readonly objects: readonly string[];
  readonly back: readonly string[];
  readonly purge: readonly string[];
}

/** What a statement found in the rows that it wrote. */
export interface RowsBody {
  readonly how: "rows";
  readonly direction: Direction;
  readonly digest: string;
  readonly keptAs: string;
  readonly objects: readonly string[];
}

/** Values in a table of `belay_kept`. */
export interface CopiedBody {
  readonly how?: undefined;
  readonly table: string;
  readonly column: string | null;
  readonly keptAs: string;
  readonly rows: number;
  readonly key: readonly string[] | null;
}

/** A section of a way forward whose batches ran in part: as far as its watermark says. */
export interface BatchedPart {
  readonly section: number;
  /** What it touches: the statement of the way back that has the same key undoes it. */
  readonly keys: readonly string[];
}

export type EntryKind = keyof EntryBodies;

export type RolloutOutcome = "completed" | "rolled_back" | "rollback_failed" | "refused" | "aborted";

export interface FrozenStage {
  readonly name: string;
  readonly targets: readonly string[];
  readonly approval: boolean;
}

/** Which database a target was. */
export interface FrozenIdentity {
  /** Of the cluster; null where the role may not read it. */
  readonly systemIdentifier: string | null;
  readonly database: string;
}

/** The database to which a rollout is bound on a target. */
export interface FrozenTarget extends FrozenIdentity {
  readonly name: string;
  /** The changes of the plan that were applied there already. */
  readonly applied: readonly string[];
}

/** What a rollout decided to do when it began: the same on every later look. */
export interface FrozenPlan {
  readonly digest: string;
  readonly changes: readonly { readonly id: string; readonly digest: string; readonly artifact: string }[];
  readonly stages: readonly FrozenStage[];
  /** Left out by earlier versions. */
  readonly targets?: readonly FrozenTarget[];
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
  /** The hash of the way back as it was sealed: the SQL file and its manifest. Left out where version 1 wrote them into the entry itself. */
  readonly artifact?: string;
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
