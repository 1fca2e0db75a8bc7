import { BelayError, messageOf } from "../errors.js";
import type { OpenChange } from "../journal/target-state.js";
import { withConnections, type Connections } from "../postgres/connections.js";
import { readTarget } from "../postgres/ledger/ledger.js";
import { openTarget, type OpenTarget } from "../postgres/open-target.js";
import type { Report } from "../progress.js";
import { currentActor } from "../system/actor.js";
import type { Target } from "../system/config/config.js";
import type { Project } from "../system/project/project.js";
import { preview, revertOn, type TargetPreview, type TargetRevert } from "./revert-target.js";
import type { Selection } from "./select.js";

export interface RevertOptions {
  readonly selection: Selection;
  /** Names of targets; every one of the config by default. */
  readonly targets?: readonly string[];
  readonly reason?: string;
  readonly report?: Report;
  /** Shows what will happen, and asks. Nothing was touched when it says no. */
  readonly confirm?: (previews: readonly TargetPreview[]) => Promise<boolean>;
}

/** How long another operator is waited for, in milliseconds: it may be about to go back by itself. */
const operatorPatienceMs = 10_000;

/**
 * Takes live changes back with the artifacts that the targets' own ledgers hold, the newest target of the stages first, and proves it.
 * @returns what happened on every target where the selection means something.
 * @throws BelayError `refused` where nothing was touched.
 */
export async function revert(project: Project, options: RevertOptions): Promise<readonly TargetRevert[]> {
  const report = options.report ?? (() => undefined);
  const note = (message: string): void => report({ kind: "note", target: null, message });
  const wanted = targetsOf(project, options.targets ?? []);
  return withConnections(project, note, async (connections) => {
    const opened: OpenTarget[] = [];
    try {
      for (const target of wanted)
        opened.push(await openOne(target, project.config.policy.searchPath, connections, report));
      return await revertAll(project, opened, { ...options, report });
    } finally {
      await Promise.all(opened.map((open) => open.close()));
    }
  });
}

async function revertAll(
  project: Project,
  opened: readonly OpenTarget[],
  options: RevertOptions & { readonly report: Report },
): Promise<readonly TargetRevert[]> {
  const previews: { readonly open: OpenTarget; readonly seen: TargetPreview }[] = [];
  for (const open of opened) {
    await finishInterrupted(project, open, options.report);
    previews.push({ open, seen: await preview(open, options.selection) });
  }
  refuseUnknown(
    options.selection,
    previews.map(({ seen }) => seen),
  );
  refuseIrreversible(previews.map(({ seen }) => seen));
  const concerned = previews.filter(({ seen }) => seen.revert.length > 0);
  if (
    concerned.length > 0 &&
    options.confirm !== undefined &&
    !(await options.confirm(concerned.map(({ seen }) => seen)))
  ) {
    throw new BelayError("refused", "not-confirmed", "Not confirmed. Nothing was touched.", {
      hint: "Give --yes where nobody can be asked.",
    });
  }
  const results: TargetRevert[] = [];
  for (const { open, seen } of previews.toReversed()) {
    const reason = options.reason ?? "belay revert";
    results.push(
      await revertOn(
        { open, policy: project.config.policy, directory: project.root, report: options.report, reason },
        seen,
      ),
    );
  }
  return results.toReversed();
}

/** A change that was cut off half-way, up or down, goes to "none of it" first: only then is it clear what is live. */
async function finishInterrupted(project: Project, open: OpenTarget, report: Report): Promise<void> {
  const { open: begun } = await readTarget(open.operator);
  if (begun === null) return;
  report({
    kind: "note",
    target: open.name,
    message: `${begun.id} was cut off half-way ${begun.direction}; finishing that first`,
  });
  // Loaded only here: the way back needs no parser, and no files, unless a change was cut off half-way up.
  const { settleOne } = await import("./settle.js");
  await settleOne(project, open, begun satisfies OpenChange, report);
}

async function openOne(
  target: Target,
  searchPath: string,
  connections: Connections,
  report: Report,
): Promise<OpenTarget> {
  try {
    return await openTarget({
      name: target.name,
      url: await connections.urlOf(target),
      searchPath,
      actor: currentActor(),
      rollout: null,
      operatorPatienceMs,
      note: (message) => report({ kind: "note", target: target.name, message }),
    });
  } catch (thrown) {
    if (thrown instanceof BelayError)
      throw new BelayError(thrown.kind, thrown.code, `${target.name}: ${messageOf(thrown)}`, {
        ...(thrown.hint !== undefined && { hint: thrown.hint }),
        cause: thrown,
      });
    throw thrown;
  }
}

function targetsOf(project: Project, names: readonly string[]): readonly Target[] {
  const { targets, stages } = project.config;
  const unknown = names.find((name) => !targets.some((target) => target.name === name));
  if (unknown !== undefined) {
    const known = targets.map((target) => target.name).join(", ");
    throw new BelayError("usage", "target-unknown", `There is no target ${unknown}.`, { hint: `Known: ${known}.` });
  }
  const staged = stages.flatMap((stage) => stage.targets);
  const order = (target: Target): number => staged.indexOf(target.name);
  return targets
    .filter((target) => names.length === 0 || names.includes(target.name))
    .toSorted((a, b) => order(a) - order(b));
}

function refuseUnknown(selection: Selection, previews: readonly TargetPreview[]): void {
  if (selection.kind !== "changes") return;
  const lost = selection.names.filter((name) => previews.every((seen) => seen.unknown.includes(name)));
  if (lost.length === 0) return;
  throw new BelayError(
    "refused",
    "change-not-applied",
    `${lost.join(", ")} is not applied on any of these targets. Nothing was touched.`,
    {
      hint: "`belay status` shows what is.",
    },
  );
}

function refuseIrreversible(previews: readonly TargetPreview[]): void {
  for (const seen of previews) {
    for (const manifest of seen.manifests.values()) {
      if (manifest.irreversible === null) continue;
      const message = `${seen.target}: ${manifest.change} cannot be taken back: ${manifest.irreversible}. Nothing was touched.`;
      throw new BelayError("refused", "irreversible", message, {
        hint: "Write a new change that repairs what is to be repaired.",
      });
    }
  }
}
