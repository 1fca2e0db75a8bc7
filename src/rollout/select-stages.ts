import { BelayError } from "../errors.js";
import type { Config, Stage } from "../system/config/config.js";
import { selectTargets } from "../system/config/select-targets.js";

export interface StageSelection {
  /** The last stage; null for all. */
  readonly upTo: string | null;
  /** The only target; null for all. */
  readonly target: string | null;
}

/**
 * The stages that a rollout goes through, each with its targets.
 * @throws BelayError `stage-unknown` or `target-unknown`, naming the known ones; `target-not-staged`.
 */
export function selectStages(config: Config, { upTo, target }: StageSelection): readonly Stage[] {
  const { stages } = config;
  const last = upTo === null ? stages.length - 1 : stages.findIndex(({ name }) => name === upTo);
  if (last === -1) {
    throw new BelayError("usage", "stage-unknown", `There is no stage ${upTo}.`, {
      hint: `Known: ${stages.map(({ name }) => name).join(", ")}.`,
    });
  }
  const names = new Set(selectTargets(config, target).map(({ name }) => name));
  const selected = stages
    .slice(0, last + 1)
    .map((stage) => ({ ...stage, targets: stage.targets.filter((name) => names.has(name)) }))
    .filter(({ targets }) => targets.length > 0);
  if (selected.length > 0) return selected;
  throw new BelayError("usage", "target-not-staged", `The target ${target} is in no stage that this rollout goes to.`);
}
