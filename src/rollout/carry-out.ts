import { parseManifest } from "../artifact/manifest.js";
import { BelayError } from "../errors.js";
import type { Built } from "../postgres/build-plan.js";
import type { OpenChange } from "../journal/target-state.js";
import type { EntryBodies } from "../journal/entry.js";
import type { Section } from "../plan/step.js";
import { touchesForward } from "../plan/touches.js";
import { differences } from "../snapshot/difference.js";
import { describeDifference } from "../snapshot/difference.js";
import { applyChange } from "../postgres/run/apply-change.js";
import { append } from "../postgres/ledger/ledger.js";
import { readArtifact } from "../postgres/ledger/artifacts.js";
import { lastReadTarget, readTarget } from "../postgres/ledger/reader.js";
import { readStoredSnapshot } from "../postgres/ledger/snapshots.js";
import { migrateDown, migrateUp, migratorFor } from "../postgres/run/migrator.js";
import { keepCatalog, readWhole, recordFingerprint } from "../postgres/ledger/record-catalog.js";
import { revertChange } from "../postgres/run/revert-change.js";
import { settleChange } from "../postgres/run/settle-change.js";
import type { RunContext } from "../postgres/run/run-transaction.js";
import { explain, sqlStateOf } from "../postgres/session/sql-state.js";
import { builtOf, openTargetOf, type RolloutContext } from "./rollout-context.js";
import { throttledBy } from "./throttle.js";

/** The way back is not cut off by the signal that stopped the way forward. */
const never = new AbortController().signal;

function runContext(context: RolloutContext, target: string, change: string, direction: "up" | "down"): RunContext {
  return {
    target: openTargetOf(context, target),
    change,
    direction,
    lock: context.project.config.policy.lock,
    report: context.report,
    signal: direction === "up" ? context.signal : never,
  };
}

/** Writes down the catalog before the rollout touches the target: what "back" means there. */
export async function startTarget(
  context: RolloutContext,
  stage: string,
  target: string,
  changes: number,
): Promise<void> {
  const open = openTargetOf(context, target);
  const fingerprint = await keepCatalog(open);
  await append(
    open.operator,
    "target-started",
    { rollout: context.rollout, actor: context.actor },
    { target, before: fingerprint, ...identityOf(context, target) },
  );
  context.report({ kind: "target-started", target, stage, changes });
}

function identityOf({ identities }: RolloutContext, target: string): Pick<EntryBodies["target-started"], "identity"> {
  const found = identities.get(target);
  if (found === undefined) return {};
  return { identity: { systemIdentifier: found.systemIdentifier, database: found.database } };
}

/** Applies one change, or goes on with it where it was cut off, and records the catalog that it leaves. */
export async function apply(context: RolloutContext, stage: string, target: string, id: string): Promise<void> {
  const open = openTargetOf(context, target);
  const built = await builtOf(context, id);
  const state = await lastReadTarget(open.operator);
  const begun = state.open?.id === id ? await goOnFrom(context, target, built, state.open) : null;
  // Looked at, and not taken from the ledger: drift may have been accepted, and stays when the change is taken back.
  const before = begun?.before ?? (await keepCatalog(open));
  const run = runContext(context, target, id, "up");
  const throttled = throttledBy(context, { stage, target });
  const migrator = await migratorFor(open, [
    {
      id,
      up: () => applyChange(run, { built, before, open: begun, directory: context.project.root, throttled }),
      down: async () => undefined,
    },
  ]);
  await migrateUp(migrator, id);
  await recordFingerprint(open, id);
}

/**
 * Where a change that was cut off goes on. A command, and a knex migration outside a transaction, cannot: nobody can tell what of it ran, so its way back runs
 * first, over whatever is there, and then it begins anew.
 */
async function goOnFrom(
  context: RolloutContext,
  target: string,
  { change, plan }: Built,
  begun: OpenChange,
): Promise<OpenChange | null> {
  if (plan.form !== "command" && change.form !== "knex" && isCutAs(begun, plan.forward)) return begun;
  const message = `${change.id} was cut off half-way, and nobody can tell where: taking it back first`;
  context.report({ kind: "note", target, message });
  await settleBack(context, target, { reason: "cut off half-way, to begin anew", hold: false });
  return null;
}

/** Whether the sections that it was begun in are those of today: another version of Belay may cut it otherwise. */
function isCutAs({ sections, touches }: OpenChange, forward: readonly Section[]): boolean {
  const today = touchesForward(forward);
  return sections === today.length && (touches.length === 0 || JSON.stringify(touches) === JSON.stringify(today));
}

/** Records that a change failed on a target: it is held there. */
export async function recordFailure(
  context: RolloutContext,
  target: string,
  id: string,
  thrown: unknown,
): Promise<void> {
  const open = openTargetOf(context, target);
  const { digest } = (await builtOf(context, id)).change;
  const about = { rollout: context.rollout, change: id, actor: context.actor };
  await append(open.operator, "failed", about, { digest, message: explain(thrown), sqlState: sqlStateOf(thrown) });
}

/** Takes back a change that the rollout applied, with the artifact that the ledger holds. */
export async function revert(context: RolloutContext, target: string, id: string, why: Why): Promise<void> {
  const open = openTargetOf(context, target);
  const artifact = await readArtifact(open.operator, id);
  if (artifact === null)
    throw new BelayError("not-back", "artifact-missing", `${target}: the ledger holds no artifact of ${id}.`);
  const manifest = parseManifest(artifact.manifest, `the ledger of ${target}`);
  const state = await readTarget(open.operator);
  const met = state.applied.find((applied) => applied.id === id)?.met ?? [];
  const run = runContext(context, target, id, "down");
  const down = (): Promise<void> =>
    revertChange(run, { manifest, met, ...why, open: null, directory: context.project.root });
  await migrateDown(await migratorFor(open, [{ id, up: async () => undefined, down }]), id);
  await recordFingerprint(open, id);
}

export interface Why {
  readonly reason: string;
  readonly hold: boolean;
}

/** Takes a change that was cut off half-way, up or down, to "none of it". */
export async function settleBack(context: RolloutContext, target: string, why: Why): Promise<void> {
  const { open: begun } = await readTarget(openTargetOf(context, target).operator);
  if (begun === null) return;
  const run = runContext(context, target, begun.id, "down");
  await settleChange(run, begun, { ...why, directory: context.project.root });
}

/** Compares the catalog with the one before the rollout, names every difference, and records the result. */
export async function prove(context: RolloutContext, target: string, before: string): Promise<boolean> {
  const open = openTargetOf(context, target);
  const now = await readWhole(open.operator);
  const equal = now.fingerprint === before;
  const expected = equal ? null : await readStoredSnapshot(open.operator, before);
  const found = expected === null ? [] : differences(expected, now.snapshot).map(describeDifference);
  const body: EntryBodies["back-proved"] = { target, expected: before, actual: now.fingerprint, equal };
  await append(open.operator, "back-proved", { rollout: context.rollout, actor: context.actor }, body);
  context.report({ kind: "proved-back", target, equal, differences: found });
  return equal;
}
