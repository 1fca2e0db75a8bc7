import { BelayError, messageOf } from "../errors.js";
import type { Entry, RolloutOutcome } from "../journal/entry.js";
import type { TargetState } from "../journal/target-state.js";
import { foldTarget } from "../journal/target-state.js";
import { append, readEntries } from "../postgres/ledger/ledger.js";
import { isConnectionLost } from "../postgres/sql-state.js";
import { apply, prove, recordFailure, revert, settleBack, startTarget, type Why } from "./carry-out.js";
import { decide, type Action, type Surroundings } from "./decide.js";
import { gatesOf, runGates, stageOf, type GateVerdict } from "./gates.js";
import type { RolloutContext } from "./rollout-context.js";
import { foldRollout, type RolloutState, type Turn } from "./rollout-state.js";
import { waitFor } from "./wait.js";

/** Why a rollout waits for a person. */
export interface Waiting {
  readonly kind: "approval" | "gate" | "pause";
  readonly message: string;
  readonly hint: string;
}

export interface LoopEnd {
  readonly state: RolloutState;
  readonly entries: ReadonlyMap<string, readonly Entry[]>;
  readonly outcome: RolloutOutcome | "paused";
  readonly waiting: Waiting | null;
  /** Targets whose way back failed, with the reason. */
  readonly notBack: ReadonlyMap<string, string>;
}

export interface LoopOptions {
  /** Asks the person for an approval; null where nobody can be asked. */
  readonly approve: ((stage: string) => Promise<boolean>) | null;
}

/** How often a lost connection is opened again before it counts as a failure. */
const maxRecoveries = 5;

interface Look {
  readonly state: RolloutState;
  readonly entries: ReadonlyMap<string, readonly Entry[]>;
  readonly targets: ReadonlyMap<string, TargetState>;
}

/**
 * The loop of a rollout: fold the journal, decide the next step, carry it out, append. Going on after a crash is the same loop.
 */
export async function runRollout(context: RolloutContext, options: LoopOptions): Promise<LoopEnd> {
  const notBack = new Map<string, string>();
  let recoveries = 0;
  for (;;) {
    let target: string | null = null;
    try {
      const look = await lookAt(context);
      if (context.signal.aborted && look.state.turned === null && look.state.ended === null) {
        await turnBack(context, {
          target: null,
          change: null,
          gate: null,
          message: "interrupted by a person",
          by: "interrupt",
        });
        continue;
      }
      const action = decide(look.state, surroundings(context, look, notBack));
      target = "target" in action ? action.target : null;
      if (action.kind === "end") return await end(context, look, action.outcome, notBack);
      const waiting = await carryOut(context, options, look, action, notBack);
      if (waiting !== null) return { ...(await lookAt(context)), outcome: "paused", waiting, notBack };
    } catch (thrown) {
      if (!isConnectionLost(thrown) || recoveries >= maxRecoveries) throw thrown;
      recoveries += 1;
      await recover(context, target, thrown);
    }
  }
}

async function carryOut(
  context: RolloutContext,
  options: LoopOptions,
  look: Look,
  action: Exclude<Action, { kind: "end" }>,
  notBack: Map<string, string>,
): Promise<Waiting | null> {
  switch (action.kind) {
    case "start-target":
      await startTarget(context, action.stage, action.target, pendingOn(look, action.target).length);
      return null;
    case "gate-before":
    case "gate-after": {
      const phase = action.kind === "gate-before" ? "before" : "after";
      return judged(context, action.target, phase, await runGates(context, { ...action, phase }, action.gates));
    }
    case "apply":
      await applyOrTurn(context, action.target, action.change);
      return null;
    case "bake":
      await bake(context, look, action.stage);
      return null;
    case "await-approval":
      return approval(context, options, look.state, action.stage);
    case "pause":
      return { kind: "pause", message: "The rollout was paused.", hint: `belay resume ${context.rollout}` };
    case "turn-back":
      await turnBack(context, { target: null, change: null, gate: null, message: "aborted by a person", by: "abort" });
      return null;
    case "revert":
    case "settle-back":
    case "prove":
      await goBack(context, look.state, action, notBack);
      return null;
  }
}

/** Fails where the change fails; what a person's interrupt stopped is no failure of the change. */
async function applyOrTurn(context: RolloutContext, target: string, change: string): Promise<void> {
  try {
    await apply(context, target, change);
  } catch (thrown) {
    if (isConnectionLost(thrown)) throw thrown;
    if (thrown instanceof BelayError && thrown.kind === "interrupted") return;
    const noLock = thrown instanceof BelayError && thrown.code === "lock-patience-spent";
    if (!noLock) await recordFailure(context, target, change, thrown);
    const message = `${target}: ${change} failed: ${messageOf(thrown)}`;
    await turnBack(context, { target, change: noLock ? null : change, gate: null, message, by: "failure" });
  }
}

async function judged(
  context: RolloutContext,
  target: string,
  phase: "before" | "after",
  verdicts: readonly GateVerdict[],
): Promise<Waiting | null> {
  if (context.signal.aborted) return null;
  const failed = verdicts.find(({ verdict }) => verdict.kind === "fail");
  if (failed !== undefined) {
    const message = `${target}: the gate ${failed.gate} failed ${phase} the change: ${failed.verdict.reason}`;
    await turnBack(context, { target, change: null, gate: failed.gate, message, by: "failure" });
    return null;
  }
  const unsure = verdicts.find(({ verdict }) => verdict.kind !== "pass");
  if (unsure === undefined) return null;
  const message = `${target}: the gate ${unsure.gate} is ${unsure.verdict.kind}: ${unsure.verdict.reason}`;
  return {
    kind: "gate",
    message,
    hint: `belay resume ${context.rollout} measures again; belay abort ${context.rollout} goes back`,
  };
}

async function approval(
  context: RolloutContext,
  options: LoopOptions,
  state: RolloutState,
  stage: string,
): Promise<Waiting | null> {
  if (options.approve !== null && (await options.approve(stage))) {
    await append(context.control.operator, "approved", about(context), { stage });
    return null;
  }
  const strict = state.plan.strictApproval ? " Its severity wants a person's own word: --yes is none." : "";
  const message = `The stage ${stage} waits for an approval.${strict}`;
  return { kind: "approval", message, hint: `belay approve ${context.rollout}, then belay resume ${context.rollout}` };
}

async function bake(context: RolloutContext, look: Look, stage: string): Promise<void> {
  const { bakeMs, targets } = stageOf(context.project.config, stage);
  const appliedAt = targets.flatMap((target) =>
    (look.entries.get(target) ?? []).filter((e) => e.kind === "applied").map((e) => e.at),
  );
  if (appliedAt.length > 0) await waitOutBake(context, stage, bakeMs, appliedAt.toSorted().at(-1) ?? "");
  if (context.signal.aborted) return;
  await append(context.control.operator, "stage-done", about(context), { stage });
  context.report({ kind: "stage-done", stage });
}

/** The bake is counted from the last change, by the server's clock. */
async function waitOutBake(context: RolloutContext, stage: string, bakeMs: number, since: string): Promise<void> {
  const [row] = await context.control.operator.query<{ gone: number }>(
    "SELECT extract(epoch FROM clock_timestamp() - $1::timestamptz)::float8 * 1000 AS gone",
    [since],
  );
  const remainingMs = bakeMs - (row?.gone ?? 0);
  if (remainingMs <= 0) return;
  context.report({ kind: "baking", stage, remainingMs });
  await waitFor(remainingMs, context.signal);
}

async function goBack(
  context: RolloutContext,
  state: RolloutState,
  action: Extract<Action, { kind: "revert" | "settle-back" | "prove" }>,
  notBack: Map<string, string>,
): Promise<void> {
  const { target } = action;
  try {
    if (action.kind === "revert") await revert(context, target, action.change, whyOf(state.turned));
    else if (action.kind === "settle-back") await settleBack(context, target, whyOf(state.turned));
    else {
      const before = state.targets.find((progress) => progress.target === target)?.before ?? "";
      if (!(await prove(context, target, before))) notBack.set(target, "its catalog differs from the one before");
    }
  } catch (thrown) {
    if (isConnectionLost(thrown)) throw thrown;
    notBack.set(target, messageOf(thrown));
    context.report({ kind: "warning", target, message: `the way back failed: ${messageOf(thrown)}` });
  }
}

function whyOf(turned: Turn | null): Why {
  return { reason: turned?.message ?? "", hold: turned?.by !== "interrupt" };
}

async function turnBack(context: RolloutContext, turn: Turn): Promise<void> {
  await append(context.control.operator, "turned-back", about(context), turn);
  context.report({ kind: "turning-back", message: turn.message });
}

async function end(
  context: RolloutContext,
  look: Look,
  outcome: RolloutOutcome,
  notBack: ReadonlyMap<string, string>,
): Promise<LoopEnd> {
  // A way back that failed stays open: the next command may finish it.
  if (look.state.ended === null && outcome !== "rollback_failed") {
    await append(context.control.operator, "rollout-ended", about(context), { outcome });
  }
  return { ...look, outcome, waiting: null, notBack };
}

async function lookAt(context: RolloutContext): Promise<Look> {
  const control = await readEntries(context.control.operator, context.rollout);
  const entries = new Map<string, readonly Entry[]>();
  const targets = new Map<string, TargetState>();
  for (const target of context.targets.values()) {
    const all = await readEntries(target.operator);
    entries.set(
      target.name,
      all.filter((entry) => entry.rollout === context.rollout),
    );
    targets.set(target.name, foldTarget(all));
  }
  return { state: foldRollout(control, entries), entries, targets };
}

function surroundings(context: RolloutContext, look: Look, notBack: ReadonlyMap<string, string>): Surroundings {
  const { config } = context.project;
  return {
    pending: (target) => pendingOn(look, target),
    open: (target) => look.targets.get(target)?.open?.id ?? null,
    gates: (stage, phase) => gatesOf(config, stage, phase),
    rollBack: config.policy.rollBack,
    notBack: new Set(notBack.keys()),
  };
}

function pendingOn(look: Look, target: string): readonly string[] {
  const applied = new Set(look.targets.get(target)?.applied.map((change) => change.id));
  return look.state.plan.changes.map((change) => change.id).filter((id) => !applied.has(id));
}

/** After a lost connection the ledger knows whether the last step was committed: open the targets again, and look. */
async function recover(context: RolloutContext, target: string | null, thrown: unknown): Promise<void> {
  const lost = [...context.targets.values()].filter((open) => open.name === target || !open.operator.alive());
  context.report({
    kind: "warning",
    target,
    message: `the connection was lost (${messageOf(thrown)}); looking where it stands`,
  });
  for (const { name } of lost) await context.reopen(name);
}

function about(context: RolloutContext): { rollout: string; actor: string } {
  return { rollout: context.rollout, actor: context.actor };
}
