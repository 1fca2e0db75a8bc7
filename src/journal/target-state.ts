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
  return entries.reduce(step, emptyTarget);
}

function step(state: TargetState, entry: Entry): TargetState {
  const next = { ...state, lastSeq: entry.seq };
  const id = entry.change;
  if (id === null) return next;
  switch (entry.kind) {
    case "change-started": {
      const { direction, digest, sections, before, touches = [], untouched = null, batched = null } = entry.body;
      const begun = { id, direction, digest, sections, touches, untouched, batched, rollout: entry.rollout };
      // The way back of a change that was cut off half-way up still knows what that met, and the catalog before it.
      const from = untouched === null ? { before, met: [] } : { before: null, met: [], ...pickOpen(state.open) };
      return { ...next, open: { ...begun, ...from, done: 0, intended: null } };
    }
    case "section-intended":
      return withOpen(next, { intended: entry.body.section });
    case "batches-started":
      return entry.body.direction === "down" ? next : withOpen(next, withinBatches(state.open, entry.body.section));
    case "section-done":
      return withOpen(next, {
        done: entry.body.section + 1,
        intended: null,
        ...(entry.body.direction === "up" && { batched: null }),
        met: [...(next.open?.met ?? []), ...(entry.body.met ?? [])],
      });
    case "applied":
      return {
        ...release(next, id),
        open: null,
        expected: null,
        applied: [...without(state.applied, id), appliedFrom(entry, id)],
      };
    case "catalog-recorded":
      return {
        ...next,
        expected: entry.body.fingerprint,
        applied: next.applied.map((a) => (a.id === id ? { ...a, after: entry.body.fingerprint } : a)),
      };
    case "reverted": {
      const gone = { ...next, open: null, expected: null, applied: without(state.applied, id) };
      return entry.body.hold === false
        ? gone
        : hold(gone, entry, { id, title: titleIn(state, id) }, "reverted", entry.body.reason);
    }
    case "failed":
      return hold(next, entry, { id, title: titleIn(state, id) }, "failed", entry.body.message);
    case "released":
      return release(next, id);
    default:
      return next;
  }
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

function withOpen(state: TargetState, change: Partial<OpenChange>): TargetState {
  return state.open === null ? state : { ...state, open: { ...state.open, ...change } };
}

function without<T extends { readonly id: string }>(list: readonly T[], id: string): readonly T[] {
  return list.filter((one) => one.id !== id);
}

function release(state: TargetState, id: string): TargetState {
  return { ...state, held: without(state.held, id) };
}

function hold(
  state: TargetState,
  entry: Extract<Entry, { kind: "reverted" | "failed" }>,
  named: Pick<HeldChange, "id" | "title">,
  why: HeldChange["why"],
  detail: string,
): TargetState {
  const held = { ...named, digest: entry.body.digest, why, detail, by: entry.actor, at: entry.at };
  return { ...state, held: [...without(state.held, named.id), held] };
}

function titleIn(state: TargetState, id: string): string | null {
  return [...state.applied, ...state.held].find((change) => change.id === id)?.title ?? null;
}

/** Is this very digest of the change held back here? */
export function heldAs(state: TargetState, id: string, digest: string): HeldChange | null {
  return state.held.find((held) => held.id === id && held.digest === digest) ?? null;
}

/** The live changes that require `id`, directly or through others; the newest first. */
export function dependentsOf(state: TargetState, id: string): readonly AppliedChange[] {
  const reached = new Set([id]);
  for (const change of state.applied) {
    if (change.requires.some((required) => reached.has(required))) reached.add(change.id);
  }
  return state.applied.filter((change) => change.id !== id && reached.has(change.id)).toReversed();
}
