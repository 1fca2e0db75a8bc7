import type { Entry } from "../journal/entry.js";
import type { TargetState } from "../journal/target-state.js";
import { readRollout } from "../postgres/ledger/reader.js";
import type { OpenTarget } from "../postgres/session/open-target.js";
import type { Config } from "../system/config/config.js";
import type { Surroundings } from "./decide.js";
import { gatesOf } from "./gates.js";
import { pendingOf } from "./pending.js";
import { foldControl, foldProgress, onTargets, type RolloutState, type TargetProgress } from "./rollout-state.js";

/** Where a rollout stands, as all its ledgers tell it. */
export interface Look {
  readonly state: RolloutState;
  /** The rollout's entries in each target's ledger. */
  readonly entries: ReadonlyMap<string, readonly Entry[]>;
  readonly targets: ReadonlyMap<string, TargetState>;
}

/** Reads on in the ledgers of all open targets, and folds what they tell of the rollout. */
export async function lookAt(
  rollout: string,
  control: OpenTarget,
  opened: ReadonlyMap<string, OpenTarget>,
): Promise<Look> {
  const entries = new Map<string, readonly Entry[]>();
  const targets = new Map<string, TargetState>();
  for (const target of opened.values()) {
    const read = await readRollout(target.operator, rollout);
    entries.set(target.name, read.entries);
    targets.set(target.name, read.state);
  }
  const own = entries.get(control.name) ?? (await readRollout(control.operator, rollout)).entries;
  const state = onTargets(foldOn(controls, own, foldControl), (target) =>
    foldOn(progresses, entries.get(target) ?? [], (added, before) => foldProgress(target, added, before)),
  );
  return { state, entries, targets };
}

/** What a list of entries was folded to, and how far: it only grows. */
type Folds<State> = WeakMap<readonly Entry[], { readonly count: number; readonly state: State }>;

const controls: Folds<RolloutState> = new WeakMap();
const progresses: Folds<TargetProgress> = new WeakMap();

function foldOn<State>(
  folds: Folds<State>,
  entries: readonly Entry[],
  fold: (added: readonly Entry[], before?: State) => State,
): State {
  const known = folds.get(entries);
  const state = known === undefined ? fold(entries) : fold(entries.slice(known.count), known.state);
  folds.set(entries, { count: entries.length, state });
  return state;
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

/** The changes of the plan that are not applied on the target, in order. */
export function pendingOn(look: Look, target: string): readonly string[] {
  return pendingOf(look.state.plan, target, look.targets.get(target)?.applied ?? []);
}

/** Asked of the target, not of the rollout's own entries: somebody else may have taken a change back since. */
function standingOn(look: Look, target: string): readonly string[] {
  const applied = look.targets.get(target)?.applied ?? [];
  return applied
    .filter((change) => change.rollout === look.state.id)
    .map((change) => change.id)
    .toReversed();
}
