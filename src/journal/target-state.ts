import type { AppliedBody, BatchedPart, Direction, Entry } from "./entry.js";

/** A change that is live on a target. */
export interface AppliedChange extends AppliedBody {
  readonly id: string;
  readonly seq: number;
  readonly at: string;
  readonly by: string;
  readonly rollout: string | null;
  /** Fingerprint of the catalog after it, where that was looked at. */
  readonly after: string | null;
}

/** A change that was begun and neither finished nor taken back. */
export interface OpenChange {
  readonly id: string;
  readonly direction: Direction;
  readonly digest: string;
  readonly sections: number;
  /** How many sections are done, from the first on. */
  readonly done: number;
  /** A section whose statement may have run: only the catalog knows. */
  readonly intended: number | null;
  /** The section of the way forward whose batches have run in part, as its watermark tells; null where there is none. */
  readonly batched: BatchedPart | null;
  readonly before: string | null;
  /** Objects that the sections so far met and did not make. */
  readonly met: readonly string[];
  /** Up: what each section touches, by key; empty where nobody can tell. */
  readonly touches: readonly (readonly string[])[];
  /** Down, of a change that was cut off half-way up: the keys of what it never came to touch. Null where the whole change was applied. */
  readonly untouched: readonly string[] | null;
  readonly rollout: string | null;
}

/** A change that failed or was taken back: it stays so until its digest changes or a person releases it. */
export interface HeldChange {
  readonly id: string;
  /** Null where it was never applied here: the ledger then knows only its id. */
  readonly title: string | null;
  readonly digest: string;
  readonly why: "failed" | "reverted";
  readonly detail: string;
  readonly by: string;
  readonly at: string;
}

export interface TargetState {
  /** In the order in which they were applied. */
  readonly applied: readonly AppliedChange[];
  readonly held: readonly HeldChange[];
  readonly open: OpenChange | null;
  /** Fingerprint of the catalog as Belay last left it; null where it was not looked at since. */
  readonly expected: string | null;
  readonly lastSeq: number;
}

export const emptyTarget: TargetState = { applied: [], held: [], open: null, expected: null, lastSeq: 0 };

/** Where a target stands: a pure fold over its ledger. */
export function foldTarget(entries: readonly Entry[]): TargetState {
  const fold = new TargetFold();
  for (const entry of entries) fold.add(entry);
  return fold.state;
}

/** The same, entry by entry: each costs the same, however many changes are live. */
export class TargetFold {
  /** By id, in the order in which they were applied. */
  readonly #applied = new Map<string, AppliedChange>();
  readonly #held = new Map<string, HeldChange>();
  #open: OpenChange | null = null;
  #expected: string | null = null;
  #lastSeq = 0;
  #state: TargetState | null = emptyTarget;

  get state(): TargetState {
    this.#state ??= {
      applied: [...this.#applied.values()],
      held: [...this.#held.values()],
      open: this.#open,
      expected: this.#expected,
      lastSeq: this.#lastSeq,
    };
    return this.#state;
  }

  isApplied(id: string): boolean {
    return this.#applied.has(id);
  }

  add(entry: Entry): void {
    this.#state = null;
    this.#lastSeq = entry.seq;
    if (entry.change !== null) this.#step(entry, entry.change);
  }

  #step(entry: Entry, id: string): void {
    switch (entry.kind) {
      case "change-started":
        this.#open = begunBy(entry, id, this.#open);
        return;
      case "section-intended":
        this.#alterOpen({ intended: entry.body.section });
        return;
      case "batches-started":
        if (entry.body.direction === "up") this.#alterOpen(withinBatches(this.#open, entry.body.section));
        return;
      case "section-done":
        this.#alterOpen({
          done: entry.body.section + 1,
          intended: null,
          ...(entry.body.direction === "up" && { batched: null }),
          met: [...(this.#open?.met ?? []), ...(entry.body.met ?? [])],
        });
        return;
      case "applied":
        this.#held.delete(id);
        this.#settle(id);
        this.#applied.set(id, appliedFrom(entry, id));
        return;
      case "catalog-recorded":
        this.#record(id, entry.body.fingerprint);
        return;
      case "reverted": {
        const title = this.#titleOf(id);
        this.#settle(id);
        if (entry.body.hold !== false) this.#hold(heldFrom(entry, { id, title }, "reverted", entry.body.reason));
        return;
      }
      case "failed":
        this.#hold(heldFrom(entry, { id, title: this.#titleOf(id) }, "failed", entry.body.message));
        return;
      case "released":
        this.#held.delete(id);
        return;
      default:
        return;
    }
  }

  #alterOpen(change: Partial<OpenChange>): void {
    if (this.#open !== null) this.#open = { ...this.#open, ...change };
  }

  /** Nothing is half-way any more, and the change is not live. */
  #settle(id: string): void {
    this.#open = null;
    this.#expected = null;
    this.#applied.delete(id);
  }

  #record(id: string, fingerprint: string): void {
    this.#expected = fingerprint;
    const change = this.#applied.get(id);
    if (change !== undefined) this.#applied.set(id, { ...change, after: fingerprint });
  }

  /** The last one that was held comes last. */
  #hold(held: HeldChange): void {
    this.#held.delete(held.id);
    this.#held.set(held.id, held);
  }

  #titleOf(id: string): string | null {
    return (this.#applied.get(id) ?? this.#held.get(id))?.title ?? null;
  }
}

function begunBy(entry: Extract<Entry, { kind: "change-started" }>, id: string, open: OpenChange | null): OpenChange {
  const { direction, digest, sections, before, touches = [], untouched = null, batched = null } = entry.body;
  const begun = { id, direction, digest, sections, touches, untouched, batched, rollout: entry.rollout };
  // The way back of a change that was cut off half-way up still knows what that met, and the catalog before it.
  const from = untouched === null ? { before, met: [] } : { before: null, met: [], ...pickOpen(open) };
  return { ...begun, ...from, done: 0, intended: null };
}

function pickOpen(open: OpenChange | null): Partial<Pick<OpenChange, "before" | "met">> {
  return open === null ? {} : { before: open.before, met: open.met };
}

function withinBatches(open: OpenChange | null, section: number): Partial<OpenChange> {
  return { intended: section, batched: { section, keys: open?.touches[section] ?? [] } };
}

function appliedFrom(entry: Extract<Entry, { kind: "applied" }>, id: string): AppliedChange {
  return { ...entry.body, id, seq: entry.seq, at: entry.at, by: entry.actor, rollout: entry.rollout, after: null };
}

function heldFrom(
  entry: Extract<Entry, { kind: "reverted" | "failed" }>,
  named: Pick<HeldChange, "id" | "title">,
  why: HeldChange["why"],
  detail: string,
): HeldChange {
  return { ...named, digest: entry.body.digest, why, detail, by: entry.actor, at: entry.at };
}

/** Is this very digest of the change held back here? */
export function heldAs(state: TargetState, id: string, digest: string): HeldChange | null {
  return state.held.find((held) => held.id === id && held.digest === digest) ?? null;
}

/** The live changes among `ids`, and those that require one of them, directly or through others; the newest first. */
export function withDependents(state: TargetState, ids: readonly string[]): readonly AppliedChange[] {
  const reached = new Set(ids);
  for (const change of state.applied) {
    if (change.requires.some((required) => reached.has(required))) reached.add(change.id);
  }
  return state.applied.filter((change) => reached.has(change.id)).toReversed();
}
