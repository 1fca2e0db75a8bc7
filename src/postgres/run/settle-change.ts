import { parseManifest } from "../../artifact/manifest.js";
import { BelayError } from "../../errors.js";
import type { OpenChange } from "../../journal/target-state.js";
import { readArtifact } from "../ledger/artifacts.js";
import { readTarget } from "../ledger/reader.js";
import { catalogWithout, recordProof } from "../ledger/proof.js";
import { recordCatalog, type Catalog } from "../ledger/record-catalog.js";
import { revertChange, type RevertOptions } from "./revert-change.js";
import type { RunContext } from "./run-transaction.js";

/** Takes a change that was cut off half-way, up or down, to "none of it", with the artifact that the ledger holds since it began. */
export async function settleChange(
  context: RunContext,
  begun: OpenChange,
  why: Pick<RevertOptions, "reason" | "hold" | "directory">,
): Promise<Catalog> {
  const { operator, name } = context.target;
  const artifact = await readArtifact(operator, begun.id);
  const manifest = parseManifest(artifact?.manifest, `the ledger of ${name}`);
  const whole = (await readTarget(operator)).applied.find((applied) => applied.id === begun.id);
  await revertChange(context, { ...why, manifest, met: whole?.met ?? begun.met, open: begun });
  return recordCatalog(context.target, begun.id);
}

/**
 * The same outside of any rollout, as the first thing that a command does, and proved; what is settled so is held.
 * @throws BelayError `settled-differs` (not back), naming what is not as it was.
 */
export async function settleAlone(
  place: Pick<RunContext, "target" | "lock" | "report"> & { readonly directory: string },
  begun: OpenChange,
): Promise<void> {
  const { target, lock, report, directory } = place;
  const message = `${begun.id} was cut off half-way ${begun.direction}; finishing that first`;
  report({ kind: "note", target: target.name, message });
  const expected = await catalogWithout(target.operator, await readTarget(target.operator), begun.id);
  // A way back is not cut off by Ctrl-C.
  const signal = new AbortController().signal;
  const context: RunContext = { target, change: begun.id, direction: "down", lock, report, signal };
  const now = await settleChange(context, begun, { reason: "cut off half-way", hold: true, directory });
  if (expected === null) return;
  const found = await recordProof(target, begun.id, expected, now);
  report({ kind: "proved-back", target: target.name, equal: found.length === 0, differences: found });
  if (found.length > 0) throw settledDiffers(target.name, begun.id, found);
}

function settledDiffers(target: string, change: string, found: readonly string[]): BelayError {
  const message = `${target}: ${change} was cut off half-way and is taken back, but the catalog differs: ${found.join("; ")}`;
  return new BelayError("not-back", "settled-differs", message, {
    hint: "Put that right by hand; `belay drift` shows what is left.",
  });
}
