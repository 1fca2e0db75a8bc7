import { BelayError } from "../errors.js";
import type { Built, Builds } from "../postgres/build-plan.js";
import type { OpenTarget } from "../postgres/session/open-target.js";
import type { Identity } from "../preflight/identity.js";
import type { Report } from "../progress.js";
import type { Project } from "../system/project/project.js";

/** What the actions of a rollout work with. */
export interface RolloutContext {
  readonly project: Project;
  /** The changes of the project as they are built today. */
  readonly builds: Builds;
  readonly targets: ReadonlyMap<string, OpenTarget>;
  /** The target whose ledger holds what concerns the whole rollout. */
  readonly control: OpenTarget;
  readonly rollout: string;
  /** Which database each target is. */
  readonly identities: ReadonlyMap<string, Identity>;
  readonly actor: string;
  readonly report: Report;
  /** Aborted: stop going forward. */
  readonly signal: AbortSignal;
  /** Opens a target again after its connection was lost. */
  readonly reopen: (target: string) => Promise<void>;
}

export function openTargetOf(context: RolloutContext, name: string): OpenTarget {
  const target = context.targets.get(name);
  if (target === undefined) throw new BelayError("defect", "target-not-open", `The target ${name} is not open.`);
  return target;
}

export async function builtOf(context: RolloutContext, id: string): Promise<Built> {
  const change = context.builds.change(id);
  if (change === null) {
    throw new BelayError("refused", "change-missing", `${id} is in the rollout, but no longer in migrations/.`, {
      hint: "Put its files back, or take it back: `belay revert` works from the ledger.",
    });
  }
  return context.builds.of(change);
}
