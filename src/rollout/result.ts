import type { Entry, GateRecord } from "../journal/entry.js";
import { standing, type TargetProgress } from "./rollout-state.js";
import type { LoopEnd, Waiting } from "./run-rollout.js";

export interface TargetResult {
  readonly target: string;
  readonly stage: string;
  readonly state: "pending" | "running" | "done" | "rolled-back" | "rollback-failed";
  readonly applied: readonly string[];
  readonly reverted: readonly string[];
}

export interface RolloutResult {
  /** Null where there was nothing to do. */
  readonly rollout: string | null;
  readonly outcome: "completed" | "rolled_back" | "rollback_failed" | "refused" | "paused" | "aborted";
  readonly targets: readonly TargetResult[];
  readonly gates: readonly Omit<GateRecord, "reason">[];
  readonly failure: {
    readonly target?: string;
    readonly change?: string;
    readonly gate?: string;
    readonly message: string;
  } | null;
  readonly waiting: Waiting | null;
  /** Whether a person's interrupt ended it. */
  readonly interrupted: boolean;
  readonly notBack: readonly { readonly target: string; readonly reason: string }[];
}

/** What a rollout came to, as it is reported. */
export function resultOf(rollout: string | null, end: LoopEnd | null): RolloutResult {
  if (end === null) {
    return {
      rollout,
      outcome: "completed",
      targets: [],
      gates: [],
      failure: null,
      waiting: null,
      interrupted: false,
      notBack: [],
    };
  }
  const { state } = end;
  return {
    rollout,
    outcome: end.outcome,
    targets: state.targets.map((progress) => targetResult(end, progress)),
    gates: state.targets.flatMap(({ target }) => (end.entries.get(target) ?? []).flatMap(gateOf)),
    failure: failureOf(end),
    waiting: end.waiting,
    interrupted: state.turned?.by === "interrupt",
    notBack: [...end.notBack].map(([target, reason]) => ({ target, reason })),
  };
}

function targetResult(end: LoopEnd, progress: TargetProgress): TargetResult {
  const { target } = progress;
  const stage = end.state.plan.stages.find((candidate) => candidate.targets.includes(target));
  return {
    target,
    stage: stage?.name ?? "",
    state: stateOf(end, progress),
    applied: standing(progress).toReversed(),
    reverted: progress.reverted,
  };
}

function stateOf(end: LoopEnd, progress: TargetProgress): TargetResult["state"] {
  if (end.notBack.has(progress.target)) return "rollback-failed";
  if (progress.before === null) return "pending";
  if (end.state.turned !== null && progress.proved === true) return "rolled-back";
  const stage = end.state.plan.stages.find((candidate) => candidate.targets.includes(progress.target));
  return end.state.stagesDone.includes(stage?.name ?? "") ? "done" : "running";
}

function gateOf(entry: Entry): readonly Omit<GateRecord, "reason">[] {
  return entry.kind === "gate" ? [entry.body] : [];
}

function failureOf({ state }: LoopEnd): RolloutResult["failure"] {
  const { turned } = state;
  if (turned === null) return null;
  const { target, change, gate, message } = turned;
  return {
    ...(target !== null && { target }),
    ...(change !== null && { change }),
    ...(gate !== null && { gate }),
    message,
  };
}
