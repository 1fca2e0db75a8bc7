import { BelayError, messageOf } from "../errors.js";
import type { Entry, RolloutOutcome } from "../journal/entry.js";
import { readWatermark } from "../postgres/ledger/batches.js";
import { append } from "../postgres/ledger/ledger.js";
import { readTarget } from "../postgres/ledger/reader.js";
import { askWhatBecame } from "../postgres/run/commit-unknown.js";
import { connectionLost, explain, isConnectionLost } from "../postgres/session/sql-state.js";
import { apply, prove, recordFailure, revert, settleBack, startTarget, type Why } from "./carry-out.js";
import { decide, type Action } from "./decide.js";
import { runGates, stageOf, type GateVerdict } from "./gates.js";
import { lookAt, pendingOn, surroundingsOf, type Look } from "./look.js";
import { openTargetOf, type RolloutContext } from "./rollout-context.js";
import type { RolloutState, Turn } from "./rollout-state.js";
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

/** How often in a row one step may lose its connection without getting on. More often means that the step itself is the reason. */
const maxLosses = 3;

/**
 * The loop of a rollout: fold the journal, decide the next step, carry it out, append. Going on after a crash is the same loop, and so is going on after a
 * lost connection: the ledger knows whether the last step was committed.
 * @throws BelayError `connection-lost` (not back) where a server stays away; the next command goes on.
 */
export async function runRollout(context: RolloutContext, options: LoopOptions): Promise<LoopEnd> {
  const notBack = new Map<string, string>();
  let losses = 0;
  let passed = 0;
  for (;;) {
    let action: Action | null = null;
    try {
      const look = await lookAt(context.rollout, context.control, context.targets);
      action = decideNext(context, look, notBack);
      if (action.kind === "end") return await end(context, look, action.outcome, notBack);
      const waiting = await carryOut(context, options, look, action, notBack);
      if (waiting !== null) {
        const now = await lookAt(context.rollout, context.control, context.targets);
        return { ...now, outcome: "paused", waiting, notBack };
      }
      losses = 0;
    } catch (thrown) {
      if (!isConnectionLost(thrown)) throw thrown;
      await recover(context, action, thrown);
      const now = await rowsPassed(context, action);
      losses = now > passed ? 1 : losses + 1;
      passed = now;
      if (losses >= maxLosses) await blame(context, action, thrown);
    }
  }
}

function decideNext(context: RolloutContext, look: Look, notBack: ReadonlyMap<string, string>): Action {
  const { turned, ended } = look.state;
  if (context.signal.aborted && turned === null && ended === null) return { kind: "turn-back", turn: interrupted };
  return decide(look.state, surroundingsOf(context.project.config, look, new Set(notBack.keys())));
}

const interrupted: Turn = {
  target: null,
  change: null,
  gate: null,
  message: "interrupted by a person",
  by: "interrupt",
};

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
      return unsure(context, action.target, await runGates(context, { ...action, phase }, action.gates));
    }
    case "apply":
      await applyOrTurn(context, action);
      return null;
    case "bake":
      await bake(context, look, action.stage);
      return null;
    case "await-approval":
      return approval(context, options, look.state, action.stage);
    case "pause":
      return { kind: "pause", message: "The rollout was paused.", hint: `belay resume ${context.rollout}` };
    case "turn-back":
      await turnBack(context, action.turn);
      return null;
    case "revert":
    case "settle-back":
    case "prove":
      await goBack(context, look.state, action, notBack);
      return null;
  }
}

/** A failure is recorded, and for that the rollout turns back; what a person's interrupt stopped is no failure of the change. */
async function applyOrTurn(
  context: RolloutContext,
  { stage, target, change }: Extract<Action, { kind: "apply" }>,
): Promise<void> {
  try {
    await apply(context, stage, target, change);
  } catch (thrown) {
    if (isConnectionLost(thrown)) throw thrown;
    if (thrown instanceof BelayError && thrown.kind === "interrupted") return;
    if (!(thrown instanceof BelayError) || thrown.code !== "lock-patience-spent") {
      return recordFailure(context, target, change, thrown);
    }
    // Nobody judged the change: it is not held.
    const message = `${target}: ${change} failed: ${messageOf(thrown)}`;
    await turnBack(context, { target, change: null, gate: null, message, by: "failure" });
  }
}

/** A gate that failed turns the rollout back; one that did not come to a verdict waits for a person. */
function unsure(context: RolloutContext, target: string, verdicts: readonly GateVerdict[]): Waiting | null {
  if (context.signal.aborted || verdicts.some(({ verdict }) => verdict.kind === "fail")) return null;
  const open = verdicts.find(({ verdict }) => verdict.kind !== "pass");
  if (open === undefined) return null;
  const message = `${target}: the gate ${open.gate} is ${open.verdict.kind}: ${open.verdict.reason}`;
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

/** How often a stage that bakes looks at the journal, in milliseconds. */
const lookWhileBakingMs = 1_000;

async function bake(context: RolloutContext, look: Look, stage: string): Promise<void> {
  const { bakeMs, targets } = stageOf(context.project.config, stage);
  const appliedAt = targets.flatMap((target) =>
    (look.entries.get(target) ?? []).filter((e) => e.kind === "applied").map((e) => e.at),
  );
  const last = appliedAt.toSorted().at(-1);
  const remainingMs = last === undefined ? 0 : await remainingBake(context, bakeMs, last);
  if (remainingMs > 0) {
    // Only a part of it: in between, the journal says whether a person has asked for something else.
    context.report({ kind: "baking", stage, remainingMs });
    await waitFor(Math.min(remainingMs, lookWhileBakingMs), context.signal);
    return;
  }
  await append(context.control.operator, "stage-done", about(context), { stage });
  context.report({ kind: "stage-done", stage });
}

/** The bake is counted from the last change, by the server's clock. */
async function remainingBake(context: RolloutContext, bakeMs: number, since: string): Promise<number> {
  const [row] = await context.control.operator.query<{ gone: number }>(
    "SELECT extract(epoch FROM clock_timestamp() - $1::timestamptz)::float8 * 1000 AS gone",
    [since],
  );
  return bakeMs - (row?.gone ?? 0);
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
    notBack.set(target, explain(thrown));
    context.report({ kind: "warning", target, message: `the way back failed: ${explain(thrown)}` });
  }
}

/** Held afterwards is what somebody judged: a change that failed, a gate that turned red, a person who aborted. An interrupt or a lock that was not to be had says nothing about a change. */
function whyOf(turned: Turn | null): Why {
  const judged = turned?.by === "abort" || turned?.change != null || turned?.gate != null;
  return { reason: turned?.message ?? "", hold: judged };
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

/** Opens again what was lost. */
async function recover(context: RolloutContext, action: Action | null, thrown: unknown): Promise<void> {
  const target = action !== null && "target" in action ? action.target : null;
  const lost = [...context.targets.values()].filter((open) => open.name === target || !open.operator.alive());
  context.report({
    kind: "warning",
    target,
    message: `the connection was lost (${messageOf(thrown)}); looking where it stands`,
  });
  for (const { name } of lost) {
    try {
      await context.reopen(name);
      if (name === target) await askWhatBecame(openTargetOf(context, name), thrown, context.report);
    } catch (again) {
      throw connectionLost(name, again, "belay rollout");
    }
  }
}

/** How far the batches have come in which a target's change is: a long one may well lose its connection often. */
async function rowsPassed(context: RolloutContext, action: Action | null): Promise<number> {
  if (action === null || !("target" in action)) return 0;
  const { operator } = openTargetOf(context, action.target);
  const { open } = await readTarget(operator);
  return open === null ? 0 : ((await readWatermark(operator, open.id))?.seenRows ?? 0);
}

/** A change that loses its connection each time it is tried has failed; anything else is for the next command. */
async function blame(context: RolloutContext, action: Action | null, thrown: unknown): Promise<void> {
  if (action?.kind !== "apply") throw connectionLost(context.rollout, thrown, "belay rollout");
  await recordFailure(context, action.target, action.change, thrown);
}

function about(context: RolloutContext): { rollout: string; actor: string } {
  return { rollout: context.rollout, actor: context.actor };
}
