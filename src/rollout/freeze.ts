import { sha256 } from "../change/digest.js";
import { BelayError } from "../errors.js";
import type { FrozenPlan, FrozenTarget } from "../journal/entry.js";
import type { Built, Builds } from "../postgres/build-plan.js";
import { describeIdentity, isSameDatabase, type Identity } from "../preflight/identity.js";
import type { Config, Stage } from "../system/config/config.js";

/** From this severity on every stage but the first waits for an approval. */
const approvalSeverity = 7;
/** From this severity on `--yes` is no approval. */
const strictSeverity = 9;

/** Writes down what a rollout will do in these stages of the config, so that it is the same on every later look. */
export function freeze(
  pending: readonly Built[],
  stages: readonly Stage[],
  config: Config,
  targets: readonly FrozenTarget[],
): FrozenPlan {
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
    targets,
    strictApproval: severity >= strictSeverity,
  };
  return { digest: sha256(JSON.stringify(frozen)), ...frozen };
}

/**
 * An interrupted rollout goes on only as what it began as.
 * @throws BelayError `rollout-open` naming what has changed since.
 */
export async function refuseThawed(rollout: string, plan: FrozenPlan, builds: Builds): Promise<void> {
  for (const frozen of plan.changes) {
    const today = builds.change(frozen.id);
    if (today?.digest === frozen.digest && (await builds.of(today)).artifact.manifest.sha256 === frozen.artifact)
      continue;
    const what = today === null ? "is gone from migrations/" : "has changed";
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

/**
 * A rollout goes on only on the databases on which it began, by whatever address they are reached.
 * @throws BelayError `target-changed` naming both databases.
 */
export function refuseElsewhere(rollout: string, plan: FrozenPlan, now: ReadonlyMap<string, Identity>): void {
  for (const bound of plan.targets ?? []) {
    const found = now.get(bound.name);
    if (found === undefined || isSameDatabase(bound, found)) continue;
    throw elsewhere(bound.name, `the rollout ${rollout} is bound to`, bound, found);
  }
}

/** What to say of a target that leads somewhere else than before. */
export function elsewhere(target: string, what: string, bound: Identity, found: Identity): BelayError {
  const message = `${target}: ${what} ${describeIdentity(bound)}, but the url leads to ${describeIdentity(found)}.`;
  return new BelayError("refused", "target-changed", message, { hint: "Correct the target's url in the config." });
}

/** The shortest beginning of a digest that names a plan, in characters. */
const shortestDigest = 8;

/**
 * Refuses to run anything but the plan that somebody has looked at.
 * @throws BelayError `plan-digest-invalid`, or `plan-changed` naming both digests.
 */
export function refuseOtherPlan(wanted: string, plan: FrozenPlan): void {
  if (!/^[0-9a-f]+$/.test(wanted) || wanted.length < shortestDigest) {
    throw new BelayError("usage", "plan-digest-invalid", `"${wanted}" is not a plan's digest.`, {
      hint: `\`belay plan\` prints it; its first ${shortestDigest} characters are enough.`,
    });
  }
  if (plan.digest.startsWith(wanted)) return;
  const message = `What would run now is the plan ${plan.digest.slice(0, 12)}, not ${wanted}: changes, stages, targets or what is applied there have changed since.`;
  throw new BelayError("refused", "plan-changed", message, { hint: "Look at it again: belay plan" });
}
