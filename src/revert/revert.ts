import { isWhole } from "../artifact/recording.js";
import { parseChangeId } from "../change/change-id.js";
import { BelayError } from "../errors.js";
import { withConnections } from "../postgres/session/connections.js";
import { readTarget } from "../postgres/ledger/reader.js";
import type { OpenTarget } from "../postgres/session/open-target.js";
import { settleHidden } from "../postgres/run/settle-hidden.js";
import { settleAlone } from "../postgres/run/settle-change.js";
import { connectionLost, isConnectionLost } from "../postgres/session/sql-state.js";
import { few } from "../preflight/finding.js";
import type { Report } from "../progress.js";
import type { Target } from "../system/config/config.js";
import type { Project } from "../system/project/project.js";
import { admissionTo, type Accepted } from "./admission.js";
import { holdTarget, type HeldTarget } from "./held-target.js";
import { preview, revertOn, type TargetPreview, type TargetRevert } from "./revert-target.js";
import type { Selection } from "./select.js";

export interface RevertOptions {
  readonly selection: Selection;
  /** Names of targets; every one of the config by default. */
  readonly targets?: readonly string[];
  readonly reason?: string;
  readonly report?: Report;
  /** False: columns that the way back hides stay hidden, and the next command settles them; by default they are settled. */
  readonly settle?: boolean;
  /** Changes of whose way back only a part is sealed, and may run all the same. */
  readonly acceptLoss?: readonly string[];
  /** Targets that are taken back although their ledger is a copy, or their database had another target's name. */
  readonly accepted?: Accepted;
  /** Shows what will happen, and asks. Nothing was touched when it says no. */
  readonly confirm?: (previews: readonly TargetPreview[]) => Promise<boolean>;
}

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
    const held: HeldTarget[] = [];
    try {
      for (const target of wanted) {
        const { searchPath } = project.config.policy;
        const admission = admissionTo(target.name, searchPath, options.accepted ?? { copies: [], renamed: [] });
        held.push(await holdTarget({ target, project, connections, report, admission }));
      }
      return await revertAll(project, held, { ...options, report });
    } catch (thrown) {
      if (thrown instanceof BelayError || !isConnectionLost(thrown)) throw thrown;
      throw connectionLost("revert", thrown, "run the same command again");
    } finally {
      await Promise.all(held.map(({ open }) => open.close()));
    }
  });
}

async function revertAll(
  project: Project,
  targets: readonly HeldTarget[],
  options: RevertOptions & { readonly report: Report },
): Promise<readonly TargetRevert[]> {
  const previews: { readonly held: HeldTarget; readonly seen: TargetPreview }[] = [];
  for (const held of targets) {
    previews.push({ held, seen: await previewSettled(project, held.open, options) });
  }
  refuseUnknown(
    options.selection,
    previews.map(({ seen }) => seen),
  );
  refuseIrreversible(previews.map(({ seen }) => seen));
  refusePartial(
    previews.map(({ seen }) => seen),
    options.acceptLoss ?? [],
  );
  refuseViolations(previews.map(({ seen }) => seen));
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
  for (const { held, seen } of previews.toReversed()) {
    const reason = options.reason ?? "belay revert";
    const { policy } = project.config;
    const settle = options.settle ?? true;
    const place = { held, policy, directory: project.root, report: options.report, reason, settle };
    if (settle)
      await held.persist((target) => settleHidden({ target, lock: policy.lock, report: options.report }, null));
    results.push(await revertOn(place, seen));
  }
  return results.toReversed();
}

/**
 * What the selection means once nothing is half-way. A way back that was cut off and is asked for again goes on in its turn; anything else that was cut off goes
 * to "none of it" first. Where that was the last change, `--last` asks for no other.
 */
async function previewSettled(
  project: Project,
  open: OpenTarget,
  { selection, report }: RevertOptions & { readonly report: Report },
): Promise<TargetPreview> {
  const seen = await preview(open, selection);
  const { open: begun } = await readTarget(open.operator);
  if (begun === null || seen.revert.some(({ id }) => id === begun.id && begun.direction === "down")) return seen;
  await settleAlone({ target: open, directory: project.root, lock: project.config.policy.lock, report }, begun);
  const wasLast = selection.kind === "last" && (begun.direction === "up" || begun.untouched !== null);
  const none = { ...seen, revert: [], manifests: new Map(), loss: [], violations: [] };
  return { ...(wasLast ? none : await preview(open, selection)), settled: begun.id };
}

/** The targets of these names, or all, in the order of the stages. @throws BelayError `target-unknown`. */
export function targetsOf(project: Project, names: readonly string[]): readonly Target[] {
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

/** A part of a way back is not taken for the whole, unless a person says so. */
function refusePartial(previews: readonly TargetPreview[], accepted: readonly string[]): void {
  for (const seen of previews) {
    const partial = [...seen.manifests.values()].filter((manifest) => !isWhole(manifest));
    for (const { change, title, dynamic } of partial) {
      if (accepted.some((name) => [change, title, ...splitId(change)].includes(name))) continue;
      const left = few(dynamic?.dependent.map((sql) => sql.replaceAll(/\s+/g, " ")) ?? [], 3);
      const message = `${seen.target}: the way back of ${change} is not whole: what its down does by rows that it reads is left out: ${left}. Nothing was touched.`;
      throw new BelayError("refused", "way-back-partial", message, {
        hint: `To run what is sealed, and do the rest by hand: --accept-loss ${change}`,
      });
    }
  }
}

function splitId(id: string): readonly string[] {
  const parsed = parseChangeId(id);
  return parsed === null ? [] : [parsed.version, parsed.name];
}

/** A way back is not begun that would stop half-way. */
function refuseViolations(previews: readonly TargetPreview[]): void {
  const found = previews.flatMap(({ target, violations }) =>
    violations.map(({ what, rows }) => `${target}: ${rows} ${what}`),
  );
  if (found.length === 0) return;
  throw new BelayError(
    "refused",
    "rows-in-the-way",
    `Rows have come since that do not fit what the way back brings back: ${found.join("; ")}. Nothing was touched.`,
    { hint: "Give them values that fit, or delete them, and run it again." },
  );
}
