import { BelayError } from "../errors.js";
import type { OpenChange } from "../journal/target-state.js";
import { build, type Built } from "../postgres/build-plan.js";
import type { OpenTarget } from "../postgres/open-target.js";
import { settleChange } from "../postgres/settle-change.js";
import type { Report } from "../progress.js";
import type { Project } from "../system/project/project.js";

/** Settles what was cut off half-way, with the project's files where they are needed. */
export async function settleOne(project: Project, open: OpenTarget, begun: OpenChange, report: Report): Promise<void> {
  const context = {
    target: open,
    change: begun.id,
    direction: "down",
    lock: project.config.policy.lock,
    report,
    signal: new AbortController().signal,
  } as const;
  const why = { reason: "cut off half-way", hold: true, directory: project.root };
  await settleChange(context, begun, why, () => builtAsBegun(project, open, begun));
}

async function builtAsBegun(project: Project, open: OpenTarget, begun: OpenChange): Promise<Built> {
  const change = project.changes.find((candidate) => candidate.id === begun.id);
  if (change?.digest !== begun.digest) {
    const message = `${open.name}: ${begun.id} was cut off half-way up, and its files are not the ones that it was begun with.`;
    throw new BelayError("refused", "change-edited", message, { hint: "Put the files back, and run it again." });
  }
  return build(project, change);
}
