import { parseManifest } from "../artifact/manifest.js";
import type { OpenChange } from "../journal/target-state.js";
import type { Built } from "./build-plan.js";
import { readArtifact, readTarget } from "./ledger/ledger.js";
import { recordCatalog } from "./record-catalog.js";
import { revertChange, revertPartial, untouchedBy, type RevertOptions } from "./revert-change.js";
import type { RunContext } from "./run-transaction.js";

/**
 * Takes a change that was cut off half-way, up or down, to "none of it". Half-way down the ledger's artifact finishes it; only half-way up are its files needed:
 * `builtAsBegun` gives them.
 */
export async function settleChange(
  context: RunContext,
  begun: OpenChange,
  why: Pick<RevertOptions, "reason" | "hold" | "directory">,
  builtAsBegun: () => Promise<Built>,
): Promise<void> {
  const { operator, name } = context.target;
  if (begun.direction === "down") {
    const artifact = await readArtifact(operator, begun.id);
    const manifest = parseManifest(artifact?.manifest, `the ledger of ${name}`);
    const met = (await readTarget(operator)).applied.find((applied) => applied.id === begun.id)?.met ?? [];
    await revertChange(context, { ...why, manifest, met, open: begun });
  } else {
    const { plan, artifact } = await builtAsBegun();
    const untouched = plan.form === "command" ? new Set<string>() : untouchedBy(plan.forward, begun);
    await revertPartial(context, { ...why, manifest: artifact.manifest, met: begun.met, open: begun }, untouched);
  }
  await recordCatalog(context.target, begun.id);
}
