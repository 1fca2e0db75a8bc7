import type { Entry } from "../journal/entry.js";
import { foldTarget, type TargetState } from "../journal/target-state.js";
import { readEntries } from "../postgres/ledger/ledger.js";
import type { OpenTarget } from "../postgres/session/open-target.js";
import type { Config } from "../system/config/config.js";
import type { Surroundings } from "./decide.js";
import { gatesOf } from "./gates.js";
import { foldRollout, type RolloutState } from "./rollout-state.js";

/** Where a rollout stands, as all its ledgers tell it. */
export interface Look {
  readonly state: RolloutState;
  /** The rollout's entries in each target's ledger. */
  readonly entries: ReadonlyMap<string, readonly Entry[]>;
  readonly targets: ReadonlyMap<string, TargetState>;
}

/** Reads the ledgers of all open targets, and folds what they tell of the rollout. */
export async function lookAt(
  rollout: string,
  control: OpenTarget,
  opened: ReadonlyMap<string, OpenTarget>,
): Promise<Look> {
  const entries = new Map<string, readonly Entry[]>();
  const targets = new Map<string, TargetState>();
  for (const target of opened.values()) {
    const all = await readEntries(target.operator);
    entries.set(
      target.name,
      all.filter((entry) => entry.rollout === rollout),
    );
    targets.set(target.name, foldTarget(all));
  }
  return { state: foldRollout(await readEntries(control.operator, rollout), entries), entries, targets };
}

/** What the decision needs to know besides the rollout's own journal. */
export function surroundingsOf(config: Config, look: Look, notBack: ReadonlySet<string>): Surroundings {
  return {
    pending: (target) => pendingOn(look, target),
    open: (target) => look.targets.get(target)?.open?.id ?? null,
    standing: (target) => standingOn(look, target),
    gates: (stage, phase) => gatesOf(config, stage, phase),
    rollBack: config.policy.rollBack,
    notBack,
  };
}

export function pendingOn(look: Look, target: string): readonly string[] {
  const applied = new Set(look.targets.get(target)?.applied.map((change) => change.id));
  return look.state.plan.changes.map((change) => change.id).filter((id) => !applied.has(id));
}

/** Asked of the target, not of the rollout's own entries: somebody else may have taken a change back since. */
function standingOn(look: Look, target: string): readonly string[] {
  const applied = look.targets.get(target)?.applied ?? [];
  return applied
    .filter((change) => change.rollout === look.state.id)
    .map((change) => change.id)
    .toReversed();
}
