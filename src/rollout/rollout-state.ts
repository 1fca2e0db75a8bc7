import { BelayError } from "../errors.js";
import type { Entry, EntryBodies, FrozenPlan, RolloutOutcome } from "../journal/entry.js";

export type Turn = EntryBodies["turned-back"];

/** What a rollout has done on one target. */
export interface TargetProgress {
  readonly target: string;
  /** Fingerprint of the catalog before the rollout touched it; null before it turned to it. */
  readonly before: string | null;
  readonly applied: readonly string[];
  readonly reverted: readonly string[];
  /** Gates that passed before, and after the last change was applied. */
  readonly passedBefore: readonly string[];
  readonly passedAfter: readonly string[];
  /** Whether the catalog was found to be as before; null where nobody has looked since the last step. */
  readonly proved: boolean | null;
  /** What went wrong here first: the whole rollout turns back for it. */
  readonly failure: Turn | null;
}

/** A rollout, folded from the journal. */
export interface RolloutState {
  readonly id: string;
  readonly plan: FrozenPlan;
  readonly startedBy: string;
  readonly startedAt: string;
  readonly approved: readonly string[];
  readonly stagesDone: readonly string[];
  readonly turned: Turn | null;
  readonly paused: boolean;
  readonly abortRequested: boolean;
  readonly ended: RolloutOutcome | null;
  readonly targets: readonly TargetProgress[];
}

/** The rollouts that a control ledger tells of, oldest first, with what happened on the targets whose whole ledgers are given. */
export function foldRollouts(
  control: readonly Entry[],
  ledgers: ReadonlyMap<string, readonly Entry[]> = new Map(),
): readonly RolloutState[] {
  const ids = control.filter((entry) => entry.kind === "rollout-started").map((entry) => entry.rollout ?? "");
  const own = byRollout(control);
  const onTargets = [...ledgers].map(([target, entries]) => [target, byRollout(entries)] as const);
  return ids.map((id) =>
    foldRollout(own.get(id) ?? [], new Map(onTargets.map(([target, entries]) => [target, entries.get(id) ?? []]))),
  );
}

function byRollout(entries: readonly Entry[]): ReadonlyMap<string | null, readonly Entry[]> {
  const found = new Map<string | null, Entry[]>();
  for (const entry of entries) {
    const list = found.get(entry.rollout);
    if (list === undefined) found.set(entry.rollout, [entry]);
    else list.push(entry);
  }
  return found;
}

/** `control` are the rollout's entries in the control ledger; `targets` those in each target's own ledger, by target. */
export function foldRollout(control: readonly Entry[], targets: ReadonlyMap<string, readonly Entry[]>): RolloutState {
  return onTargets(foldControl(control), (target) => foldProgress(target, targets.get(target) ?? []));
}

/** The rollout with what was done on each of its targets. */
export function onTargets(state: RolloutState, progressOf: (target: string) => TargetProgress): RolloutState {
  const names = state.plan.stages.flatMap((stage) => stage.targets);
  return { ...state, targets: names.map(progressOf) };
}

/** What its entries in the control ledger come to, on top of what those before them came to; nothing yet of its targets. */
export function foldControl(control: readonly Entry[], before: RolloutState = begunIn(control)): RolloutState {
  return control.reduce(stepControl, before);
}

function begunIn(control: readonly Entry[]): RolloutState {
  const started = control.find((entry) => entry.kind === "rollout-started");
  if (started?.kind !== "rollout-started")
    throw new BelayError("defect", "rollout-unstarted", "A rollout in the ledger has no beginning.");
  return {
    id: started.rollout ?? "",
    plan: started.body.plan,
    startedBy: started.actor,
    startedAt: started.at,
    approved: [],
    stagesDone: [],
    turned: null,
    paused: false,
    abortRequested: false,
    ended: null,
    targets: [],
  };
}

function stepControl(state: RolloutState, entry: Entry): RolloutState {
  switch (entry.kind) {
    case "approved":
      return { ...state, approved: [...state.approved, entry.body.stage] };
    case "stage-done":
      return { ...state, stagesDone: [...state.stagesDone, entry.body.stage] };
    case "turned-back":
      return { ...state, turned: state.turned ?? entry.body };
    case "pause-requested":
      return { ...state, paused: true };
    case "resume-requested":
      return { ...state, paused: false };
    case "abort-requested":
      return { ...state, abortRequested: true, paused: false };
    case "rollout-ended":
      return { ...state, ended: entry.body.outcome };
    default:
      return state;
  }
}

/** What the rollout's entries in a target's ledger come to, on top of what those before them came to. */
export function foldProgress(
  target: string,
  entries: readonly Entry[],
  before: TargetProgress = untouched(target),
): TargetProgress {
  return entries.reduce(stepTarget, before);
}

function untouched(target: string): TargetProgress {
  return {
    target,
    before: null,
    applied: [],
    reverted: [],
    passedBefore: [],
    passedAfter: [],
    proved: null,
    failure: null,
  };
}

function stepTarget(progress: TargetProgress, entry: Entry): TargetProgress {
  switch (entry.kind) {
    case "target-started":
      return { ...progress, before: entry.body.before };
    case "gate": {
      const { gate } = entry.body;
      if (entry.body.verdict === "fail") return { ...progress, failure: progress.failure ?? gateFailure(entry.body) };
      if (entry.body.verdict !== "pass") return progress;
      return entry.body.phase === "before"
        ? { ...progress, passedBefore: [...progress.passedBefore, gate] }
        : { ...progress, passedAfter: [...progress.passedAfter, gate] };
    }
    case "applied":
      return { ...progress, applied: [...progress.applied, entry.change ?? ""], passedAfter: [], proved: null };
    case "failed":
      return { ...progress, failure: progress.failure ?? changeFailure(progress.target, entry) };
    case "reverted":
      return { ...progress, reverted: [...progress.reverted, entry.change ?? ""], proved: null };
    case "back-proved":
      return { ...progress, proved: entry.body.equal };
    default:
      return progress;
  }
}

function gateFailure({ target, gate, phase, reason }: EntryBodies["gate"]): Turn {
  const message = `${target}: the gate ${gate} failed ${phase} the change: ${reason}`;
  return { target, change: null, gate, message, by: "failure" };
}

function changeFailure(target: string, { change, body }: Extract<Entry, { kind: "failed" }>): Turn {
  const message = `${target}: ${change} failed: ${body.message}`;
  return { target, change, gate: null, message, by: "failure" };
}

/** Why the rollout has turned back or is about to: a process that died between a failure and its consequence must not hide it. */
export function turnOf(state: RolloutState): Turn | null {
  if (state.turned !== null) return state.turned;
  return state.targets.find((progress) => progress.failure !== null)?.failure ?? null;
}

/** The changes that this rollout applied on a target and has not taken back; the last one first. */
export function standing(progress: TargetProgress): readonly string[] {
  const reverted = new Set(progress.reverted);
  return progress.applied.filter((id) => !reverted.has(id)).toReversed();
}
