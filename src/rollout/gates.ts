import { gateDefaults, type Gate, type Phase } from "../gate/gate.js";
import type { FinalVerdict } from "../gate/verdict.js";
import { BelayError } from "../errors.js";
import { append } from "../postgres/ledger/ledger.js";
import { withSession } from "../postgres/session/session.js";
import type { Config, Stage } from "../system/config/config.js";
import { measure, type ProbeContext } from "./probe.js";
import { openTargetOf, type RolloutContext } from "./rollout-context.js";
import { runGate } from "./run-gate.js";
import { waitFor } from "./wait.js";

export interface GateVerdict {
  readonly gate: string;
  readonly verdict: FinalVerdict;
}

/** The gates of a stage in one phase. */
export function gatesOf(config: Config, stageName: string, phase: Phase): readonly string[] {
  return stageOf(config, stageName).gates.filter((name) => config.gates[name]?.phases.includes(phase) === true);
}

export function stageOf(config: Config, name: string): Stage {
  const stage = config.stages.find((candidate) => candidate.name === name);
  if (stage === undefined) {
    throw new BelayError("refused", "stage-missing", `The stage ${name} is no longer in the config.`, {
      hint: "Put it back.",
    });
  }
  return stage;
}

/**
 * Runs gates on a target side by side, each until it has a verdict, and records every measurement in the target's ledger.
 * A gate that the signal cut off is recorded as what it is: not passed.
 */
export async function runGates(
  context: RolloutContext,
  place: { readonly stage: string; readonly target: string; readonly phase: "before" | "after" },
  names: readonly string[],
): Promise<readonly GateVerdict[]> {
  const { bakeMs } = stageOf(context.project.config, place.stage);
  const settled = await Promise.allSettled(
    names.map(async (name) => {
      const specification = context.project.config.gates[name];
      if (specification === undefined)
        throw new BelayError("refused", "gate-missing", `The gate ${name} is no longer in the config.`);
      return runOne(context, place, gateDefaults(specification, place.phase, bakeMs));
    }),
  );
  // Only when all have ended: one that went on alone would write into the ledger behind the rollout's back.
  return settled.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}

async function runOne(
  context: RolloutContext,
  place: { readonly target: string; readonly phase: "before" | "after" },
  gate: Gate,
): Promise<GateVerdict> {
  const { target, phase } = place;
  const run = await runGate(gate, {
    measure: () => measure(gate, probeContext(context, target)),
    wait: (ms) => waitFor(ms, context.signal),
    onMeasurement: (measurement) => context.report({ kind: "measured", target, gate: gate.name, phase, measurement }),
    signal: context.signal,
  });
  const { verdict, measurements } = run;
  const open = openTargetOf(context, target);
  await append(
    open.operator,
    "gate",
    { rollout: context.rollout, actor: context.actor },
    { gate: gate.name, target, phase, verdict: verdict.kind, reason: verdict.reason, measurements },
  );
  context.report({
    kind: "gate-decided",
    target,
    gate: gate.name,
    phase,
    verdict: verdict.kind,
    reason: verdict.reason,
  });
  return { gate: gate.name, verdict };
}

/** What a probe finds around it when it looks at a target. */
export function probeContext(context: RolloutContext, target: string): ProbeContext {
  const { url } = openTargetOf(context, target);
  const settings = { applicationName: `belay-gate/${context.rollout}` };
  return {
    withSqlClient: (use) => withSession(url, settings, (session) => use(session.client)),
    cwd: context.project.root,
    env: { BELAY_DATABASE_URL: url, BELAY_TARGET: target },
    signal: context.signal,
  };
}
