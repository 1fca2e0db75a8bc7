import { parseManifest } from "../artifact/manifest.js";
import { BelayError } from "../errors.js";
import type { OpenChange } from "../journal/target-state.js";
import { build } from "../postgres/build-plan.js";
import { readArtifact, readTarget } from "../postgres/ledger/ledger.js";
import type { OpenTarget } from "../postgres/open-target.js";
import { recordCatalog } from "../postgres/record-catalog.js";
import { revertChange, revertPartial, untouchedBy } from "../postgres/revert-change.js";
import type { RunContext } from "../postgres/run-transaction.js";
import type { Report } from "../progress.js";
import type { Project } from "../system/project/project.js";

/** Takes a change that was cut off half-way, up or down, to "none of it". */
export async function settleOne(project: Project, open: OpenTarget, begun: OpenChange, report: Report): Promise<void> {
  const { lock } = project.config.policy;
  const signal = new AbortController().signal;
  const context: RunContext = { target: open, change: begun.id, direction: "down", lock, report, signal };
  const why = { reason: "cut off half-way", hold: true, directory: project.root, open: begun };
  if (begun.direction === "down") {
    const artifact = await readArtifact(open.operator, begun.id);
    const manifest = parseManifest(artifact?.manifest, `the ledger of ${open.name}`);
    const met = (await readTarget(open.operator)).applied.find((applied) => applied.id === begun.id)?.met ?? [];
    await revertChange(context, { ...why, manifest, met });
  } else {
    const { plan, artifact } = await builtAsBegun(project, open, begun);
    const untouched = plan.form === "command" ? new Set<string>() : untouchedBy(plan.forward, begun);
    await revertPartial(context, { ...why, manifest: artifact.manifest, met: begun.met }, untouched);
  }
  await recordCatalog(open, begun.id);
}

async function builtAsBegun(project: Project, open: OpenTarget, begun: OpenChange): ReturnType<typeof build> {
  const change = project.changes.find((candidate) => candidate.id === begun.id);
  if (change?.digest !== begun.digest) {
    const message = `${open.name}: ${begun.id} was cut off half-way up, and its files are not the ones that it was begun with.`;
    throw new BelayError("refused", "change-edited", message, { hint: "Put the files back, and run it again." });
  }
  return build(change, project.changes);
}
