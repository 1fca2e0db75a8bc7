import { parseManifest, type Manifest } from "../artifact/manifest.js";
import { BelayError } from "../errors.js";
import type { AppliedChange } from "../journal/target-state.js";
import { expectedAfterUndo } from "../snapshot/undo.js";
import type { Loss } from "../plan/step.js";
import { append } from "../postgres/ledger/ledger.js";
import { purgedOf, violationsOf, type Violation } from "../postgres/ledger/kept.js";
import { readArtifact } from "../postgres/ledger/artifacts.js";
import { readEntries, readTarget } from "../postgres/ledger/reader.js";
import { readStoredSnapshot } from "../postgres/ledger/snapshots.js";
import type { OpenTarget } from "../postgres/session/open-target.js";
import { recordProof } from "../postgres/ledger/proof.js";
import { readCatalog, recordCatalog, type Catalog } from "../postgres/ledger/record-catalog.js";
import { revertChange } from "../postgres/run/revert-change.js";
import type { RunContext } from "../postgres/run/run-transaction.js";
import { explain } from "../postgres/session/sql-state.js";
import type { Report } from "../progress.js";
import type { Policy } from "../system/config/config.js";
import type { HeldTarget } from "./held-target.js";
import { select, type Selected, type Selection } from "./select.js";
import { unfitIn } from "./unfit.js";

export interface TargetRevert {
  readonly target: string;
  readonly reverted: readonly string[];
  readonly alreadyReverted: readonly string[];
  readonly loss: readonly Loss[];
  readonly durationMs: number;
  /** Whether the catalog is what it was before the changes; null where nothing was taken back. */
  readonly provenBack: boolean | null;
  /** What differs, or why the way back failed. */
  readonly problem: string | null;
}

/** What will happen on a target, for the person who decides. */
export interface TargetPreview extends Selected {
  readonly target: string;
  readonly shownAs: string;
  readonly manifests: ReadonlyMap<string, Manifest>;
  /** What the way back destroys for good. */
  readonly loss: readonly Loss[];
  /** Rows that have come since, and would stop the way back at a constraint. */
  readonly violations: readonly Violation[];
  /** A change that was cut off half-way, and has been taken to "none of it" already; null where there was none. */
  readonly settled: string | null;
}

export interface RevertPlace {
  readonly held: HeldTarget;
  readonly policy: Policy;
  readonly directory: string;
  readonly report: Report;
  readonly reason: string;
  /** False: columns that the way back hides stay hidden. */
  readonly settle?: boolean;
}

/** Looks what the selection means on the target, and fetches the sealed artifacts from its ledger. */
export async function preview(open: OpenTarget, selection: Selection): Promise<TargetPreview> {
  const selected = select(selection, await readTarget(open.operator));
  const manifests = new Map<string, Manifest>();
  for (const change of selected.revert) manifests.set(change.id, await manifestOf(open, change.id));
  const unfit = await unfitIn(open, manifests);
  return {
    ...selected,
    target: open.name,
    shownAs: open.shownAs,
    manifests,
    loss: [
      ...[...manifests.values()].flatMap((manifest) => manifest.loss),
      ...(await purgedBefore(open, selected.revert)),
      ...unfit.loss,
    ],
    violations: [...(await violationsIn(open, selected.revert)), ...unfit.violations],
    settled: null,
  };
}

async function violationsIn(
  { operator }: OpenTarget,
  changes: readonly AppliedChange[],
): Promise<readonly Violation[]> {
  const found: Violation[] = [];
  for (const { id } of changes) found.push(...(await violationsOf(operator, id)));
  return found;
}

/** What the changes had dropped, and nobody has any more. */
async function purgedBefore({ operator }: OpenTarget, changes: readonly AppliedChange[]): Promise<readonly Loss[]> {
  const lost: Loss[] = [];
  for (const { id, seq } of changes) {
    for (const object of await purgedOf(operator, id, seq)) lost.push({ object, what: "what it held was purged" });
  }
  return lost;
}

/**
 * Takes the selected changes back, one after the other, and proves after each that exactly its effect is gone.
 * A failure ends it at a change's boundary, or within a change at a point that the ledger names; it is reported, not thrown.
 */
export async function revertOn(place: RevertPlace, seen: TargetPreview): Promise<TargetRevert> {
  const startedAt = performance.now();
  const reverted: string[] = seen.settled === null ? [] : [seen.settled];
  let problem: string | null = null;
  try {
    if (seen.revert.length > 0 || seen.settled !== null) await place.held.persist(endUnfinishedRollouts);
    for (const change of seen.revert) {
      problem = await revertOne(place, change, seen.manifests.get(change.id));
      reverted.push(change.id);
      if (problem !== null) break;
    }
  } catch (thrown) {
    if (thrown instanceof BelayError && thrown.kind === "defect") throw thrown;
    problem = explain(thrown);
  }
  return {
    target: seen.target,
    reverted,
    alreadyReverted: seen.already,
    loss: seen.loss,
    durationMs: Math.round(performance.now() - startedAt),
    provenBack: reverted.length === 0 && problem === null ? null : problem === null,
    problem,
  };
}

/** Gives what differs from the expected catalog, or null where nothing does. */
async function revertOne(
  place: RevertPlace,
  change: AppliedChange,
  manifest: Manifest | undefined,
): Promise<string | null> {
  if (manifest === undefined)
    throw new BelayError("refused", "artifact-missing", `the ledger holds no artifact of ${change.id}`);
  const { held } = place;
  const expected = await held.persist((open) => expectedCatalog(open, change));
  await held.persist((open) => takeBack(place, open, change, manifest));
  const now = await held.persist((open) => recordCatalog(open, change.id));
  const found = await held.persist((open) => recordProof(open, change.id, expected, now));
  place.report({ kind: "proved-back", target: held.open.name, equal: found.length === 0, differences: found });
  return found.length === 0 ? null : `${change.id}: the catalog differs from the one before: ${found.join("; ")}`;
}

/** A way back that was cut off goes on; one whose last answer alone was lost is over. */
async function takeBack(
  place: RevertPlace,
  open: OpenTarget,
  change: AppliedChange,
  manifest: Manifest,
): Promise<void> {
  const { applied, open: begun } = await readTarget(open.operator);
  if (!applied.some(({ id }) => id === change.id)) return;
  await revertChange(contextOf(place, open, change.id), {
    manifest,
    met: change.met,
    reason: place.reason,
    hold: true,
    open: begun?.id === change.id ? begun : null,
    directory: place.directory,
    settle: place.settle ?? true,
  });
}

/** The catalog without the effect of the change: what others did since stays. */
async function expectedCatalog(open: OpenTarget, change: AppliedChange): Promise<Catalog["snapshot"]> {
  const current = await readCatalog(open.operator);
  const before = await readStoredSnapshot(open.operator, change.before);
  if (before === null)
    throw new BelayError("refused", "snapshot-missing", `the ledger holds no catalog from before ${change.id}`);
  // Where the process died before it could look at the catalog after the change, what is there now is taken for it.
  const after = change.after === null ? null : await readStoredSnapshot(open.operator, change.after);
  return expectedAfterUndo(before, after ?? current.snapshot, current.snapshot);
}

async function manifestOf(open: OpenTarget, id: string): Promise<Manifest> {
  const artifact = await readArtifact(open.operator, id);
  return parseManifest(artifact?.manifest, `the ledger of ${open.name}, ${id}`);
}

/** A person's revert outranks a rollout that was cut off: it must not go on afterwards and apply again. */
async function endUnfinishedRollouts(open: OpenTarget): Promise<void> {
  const entries = await readEntries(open.operator);
  const ended = new Set(entries.filter((entry) => entry.kind === "rollout-ended").map((entry) => entry.rollout));
  for (const entry of entries) {
    if (entry.kind !== "rollout-started" || ended.has(entry.rollout)) continue;
    await append(open.operator, "rollout-ended", { rollout: entry.rollout, actor: open.actor }, { outcome: "aborted" });
  }
}

function contextOf({ policy, report }: RevertPlace, target: OpenTarget, change: string): RunContext {
  // A way back that has begun is not cut off by Ctrl-C: it ends at the next consistent point by itself.
  return { target, change, direction: "down", lock: policy.lock, report, signal: new AbortController().signal };
}
