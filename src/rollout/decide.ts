import { BelayError } from "../errors.js";
import type { FrozenStage, RolloutOutcome } from "../journal/entry.js";
import { turnOf, type RolloutState, type TargetProgress, type Turn } from "./rollout-state.js";

/** The next thing that a rollout does. */
export type Action =
  | { readonly kind: "await-approval"; readonly stage: string }
  | { readonly kind: "start-target"; readonly stage: string; readonly target: string }
  | { readonly kind: "gate-before"; readonly stage: string; readonly target: string; readonly gates: readonly string[] }
  | { readonly kind: "apply"; readonly stage: string; readonly target: string; readonly change: string }
  | { readonly kind: "gate-after"; readonly stage: string; readonly target: string; readonly gates: readonly string[] }
  | { readonly kind: "bake"; readonly stage: string }
  | { readonly kind: "turn-back"; readonly turn: Turn }
  | { readonly kind: "pause" }
  | { readonly kind: "settle-back"; readonly target: string }
  | { readonly kind: "revert"; readonly target: string; readonly change: string }
  | { readonly kind: "prove"; readonly target: string }
  | { readonly kind: "end"; readonly outcome: RolloutOutcome };

/** What the decision needs to know besides the journal. */
export interface Surroundings {
  /** Changes of the plan that are not applied on the target, in order. */
  readonly pending: (target: string) => readonly string[];
  /** A change that was begun on the target and not finished. */
  readonly open: (target: string) => string | null;
  /** The changes that this rollout applied on the target and that are live there, the last one first. */
  readonly standing: (target: string) => readonly string[];
  /** Gates of a stage, by phase. */
  readonly gates: (stage: string, phase: "before" | "after") => readonly string[];
  readonly rollBack: "target" | "stage" | "rollout";
  /** Targets whose way back failed in this run: they are not tried again. */
  readonly notBack: ReadonlySet<string>;
}

/** Decides from the folded journal what comes next. Pure: the same state gives the same action, so a crash between two changes nothing. */
export function decide(state: RolloutState, surroundings: Surroundings): Action {
  if (state.ended !== null) return { kind: "end", outcome: state.ended };
  if (state.turned !== null) return decideBack(state, surroundings);
  const turn = turnOf(state) ?? (state.abortRequested ? aborted : null);
  if (turn !== null) return { kind: "turn-back", turn };
  if (state.paused) return { kind: "pause" };
  for (const stage of state.plan.stages) {
    const action = state.stagesDone.includes(stage.name) ? null : decideStage(state, stage, surroundings);
    if (action !== null) return action;
  }
  return { kind: "end", outcome: "completed" };
}

const aborted: Turn = { target: null, change: null, gate: null, message: "aborted by a person", by: "abort" };

function decideStage(state: RolloutState, stage: FrozenStage, surroundings: Surroundings): Action | null {
  const touched = stage.targets.filter((target) => concerns(progressOf(state, target), surroundings));
  if (touched.length === 0) return { kind: "bake", stage: stage.name };
  if (stage.approval && !state.approved.includes(stage.name)) return { kind: "await-approval", stage: stage.name };
  for (const target of touched) {
    const action = decideForward(stage.name, progressOf(state, target), surroundings);
    if (action !== null) return action;
  }
  for (const target of touched) {
    const gates = missing(surroundings.gates(stage.name, "after"), progressOf(state, target).passedAfter);
    if (gates.length > 0) return { kind: "gate-after", stage: stage.name, target, gates };
  }
  return { kind: "bake", stage: stage.name };
}

/** Is there anything of this rollout on the target, done or to do? */
function concerns(progress: TargetProgress, surroundings: Surroundings): boolean {
  const { target } = progress;
  return progress.applied.length > 0 || surroundings.pending(target).length > 0 || surroundings.open(target) !== null;
}

function decideForward(stage: string, progress: TargetProgress, surroundings: Surroundings): Action | null {
  const { target } = progress;
  const change = surroundings.open(target) ?? surroundings.pending(target)[0];
  if (change === undefined) return null;
  if (progress.before === null) return { kind: "start-target", stage, target };
  const gates = missing(surroundings.gates(stage, "before"), progress.passedBefore);
  if (gates.length > 0) return { kind: "gate-before", stage, target, gates };
  return { kind: "apply", stage, target, change };
}

function decideBack(state: RolloutState, surroundings: Surroundings): Action {
  const scope = scopeOf(state, surroundings.rollBack);
  for (const progress of scope.toReversed()) {
    const { target } = progress;
    if (surroundings.notBack.has(target)) continue;
    if (surroundings.open(target) !== null) return { kind: "settle-back", target };
    const [last] = surroundings.standing(target);
    if (last !== undefined) return { kind: "revert", target, change: last };
    if (progress.before !== null && progress.proved !== true) return { kind: "prove", target };
  }
  return { kind: "end", outcome: outcomeOf(state, scope, surroundings) };
}

function outcomeOf(state: RolloutState, scope: readonly TargetProgress[], surroundings: Surroundings): RolloutOutcome {
  const isBack = (progress: TargetProgress): boolean =>
    !surroundings.notBack.has(progress.target) && (progress.before === null || progress.proved === true);
  if (!scope.every(isBack)) return "rollback_failed";
  if (state.turned?.by !== "failure") return "aborted";
  const nothingTouched =
    state.turned.change === null && state.targets.every((progress) => progress.applied.length === 0);
  return nothingTouched ? "refused" : "rolled_back";
}

/** The targets that go back, in the order in which they went forward. A person who aborts means the whole rollout. */
function scopeOf(state: RolloutState, rollBack: Surroundings["rollBack"]): readonly TargetProgress[] {
  const failed = state.turned?.target ?? null;
  if (rollBack === "rollout" || failed === null || state.turned?.by !== "failure") return state.targets;
  const stage = state.plan.stages.find((candidate) => candidate.targets.includes(failed));
  const names = rollBack === "stage" ? (stage?.targets ?? []) : [failed];
  return state.targets.filter((progress) => names.includes(progress.target));
}

function progressOf(state: RolloutState, target: string): TargetProgress {
  const progress = state.targets.find((candidate) => candidate.target === target);
  if (progress === undefined) throw new BelayError("defect", "target-unplanned", `The plan has no target ${target}.`);
  return progress;
}

function missing(all: readonly string[], passed: readonly string[]): readonly string[] {
  return all.filter((gate) => !passed.includes(gate));
}
