import { sha256 } from "../change/digest.js";
import { BelayError } from "../errors.js";
import type { FrozenPlan } from "../journal/entry.js";
import type { Built } from "../postgres/build-plan.js";
import type { Config, Stage } from "../system/config/config.js";

/** From this severity on every stage but the first waits for an approval. */
const approvalSeverity = 7;
/** From this severity on `--yes` is no approval. */
const strictSeverity = 9;

/** Writes down what a rollout will do in these stages of the config, so that it is the same on every later look. */
export function freeze(pending: readonly Built[], stages: readonly Stage[], config: Config): FrozenPlan {
  const first = config.stages[0]?.name;
  const severity = Math.max(0, ...pending.map(({ change }) => change.directives.severity ?? 0));
  const frozen = {
    changes: pending.map(({ change, artifact }) => ({
      id: change.id,
      digest: change.digest,
      artifact: artifact.manifest.sha256,
    })),
    stages: stages.map((stage) => ({
      name: stage.name,
      targets: stage.targets,
      approval: stage.approval || (stage.name !== first && severity >= approvalSeverity),
    })),
    strictApproval: severity >= strictSeverity,
  };
  return { digest: sha256(JSON.stringify(frozen)), ...frozen };
}

/**
 * An interrupted rollout goes on only as what it began as.
 * @throws BelayError `rollout-open` naming what has changed since.
 */
export function refuseThawed(rollout: string, plan: FrozenPlan, built: ReadonlyMap<string, Built>): void {
  for (const frozen of plan.changes) {
    const today = built.get(frozen.id);
    if (today?.change.digest === frozen.digest && today.artifact.manifest.sha256 === frozen.artifact) continue;
    const what = today === undefined ? "is gone from migrations/" : "has changed";
    throw new BelayError(
      "refused",
      "rollout-open",
      `The rollout ${rollout} is unfinished, and ${frozen.id} ${what} since it began.`,
      {
        hint: `Put the files back and run it again, or take it back: belay abort ${rollout}`,
      },
    );
  }
}
