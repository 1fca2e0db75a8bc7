import type { Change } from "../change/change.js";
import { findChange } from "../change/find.js";
import { BelayError } from "../errors.js";
import { heldAs, type TargetState } from "../journal/target-state.js";
import { buildsOf, type Builds } from "../postgres/build-plan.js";
import { withConnections, type Connections } from "../postgres/session/connections.js";
import { settleHidden } from "../postgres/run/settle-hidden.js";
import { settleAlone } from "../postgres/run/settle-change.js";
import { connectionLost, isConnectionLost } from "../postgres/session/sql-state.js";
import { append } from "../postgres/ledger/ledger.js";
import { readTarget } from "../postgres/ledger/reader.js";
import type { Report } from "../progress.js";
import { currentActor } from "../system/actor.js";
import type { Project } from "../system/project/project.js";
import { bindTargets, type Binding } from "./bind-targets.js";
import { freeze, refuseElsewhere, refuseOtherPlan, refuseThawed } from "./freeze.js";
import {
  appliedIn,
  findOpenRollout,
  newRolloutId,
  openTargets,
  pendingChanges,
  refuseDrift,
  startRollout,
  type OpenTargets,
} from "./open-rollout.js";
import { lookAt } from "./look.js";
import { refuseOnTarget, refuseUnready } from "./preflight.js";
import { resultOf, type RolloutResult } from "./result.js";
import type { RolloutContext } from "./rollout-context.js";
import { turnOf, type RolloutState } from "./rollout-state.js";
import { runRollout } from "./run-rollout.js";
import { selectStages } from "./select-stages.js";
import { bindingsOf, refuseFound, survey, type Survey } from "./survey.js";

export interface RolloutOptions {
  readonly report?: Report;
  /** Aborted: the rollout stops at the next safe point and goes back. */
  readonly signal?: AbortSignal;
  /** The last change to apply; all pending ones by default. */
  readonly to?: string | null;
  /** The last stage to go to; all by default. */
  readonly stage?: string | null;
  /** The only target to go to; all by default. */
  readonly target?: string | null;
  /** Changes whose loss or irreversibility is accepted. */
  readonly acceptLoss?: readonly string[];
  readonly acceptDrift?: boolean;
  /** Targets of which it is known that their database had another target's name before. */
  readonly acceptRenamed?: readonly string[];
  /** Changes that are older than the newest applied one may run. */
  readonly outOfOrder?: boolean;
  /** The digest of the plan that was looked at, or its beginning: nothing else is run. */
  readonly plan?: string | null;
  /** Releases held changes with this reason. */
  readonly retry?: string | null;
  /** Counts as an approval, unless the severity wants a person's own word. */
  readonly yes?: boolean;
  /** Asks a person; absent where nobody can be asked. */
  readonly ask?: ((question: string) => Promise<boolean>) | null;
  /** Goes back instead of on: the rollout is aborted. */
  readonly abort?: boolean;
  /** The rollout to go on with; by default whichever is unfinished. */
  readonly rollout?: string | null;
}

/**
 * Carries the pending changes of a project through its stages, or goes on with a rollout that was cut off.
 * @returns what happened, on every target; a failure that was rolled back is a result, not an error.
 * @throws BelayError `refused` or `usage` where nothing was touched.
 */
export async function rollout(project: Project, options: RolloutOptions = {}): Promise<RolloutResult> {
  const report = options.report ?? (() => undefined);
  const builds = buildsOf(project);
  const note = (message: string): void => report({ kind: "note", target: null, message });
  return withConnections(project, note, async (connections) => {
    const actor = currentActor();
    const id = newRolloutId(new Date());
    const look = (): Promise<Survey> => lookFirst(project, builds, connections, { ...options, report });
    const seen = options.abort === true ? null : await look();
    const binding = bindTargets(seen, project.config.policy.searchPath);
    const opened = await openTargets({ project, connections, actor, report, admit: binding.admit });
    try {
      return await rolloutOn(project, builds, opened, { ...options, report, binding, seen, look }, { actor, id });
    } catch (thrown) {
      if (thrown instanceof BelayError || !isConnectionLost(thrown)) throw thrown;
      throw connectionLost("rollout", thrown, "belay rollout");
    } finally {
      await opened.close();
    }
  });
}

type Options = RolloutOptions & {
  readonly report: Report;
  readonly binding: Binding;
  /** Null where a rollout is aborted: nothing stands in the way of that. */
  readonly seen: Survey | null;
  readonly look: () => Promise<Survey>;
};

/** Looks at every target before anything is touched, tells what was seen, and refuses what must not begin. */
async function lookFirst(
  project: Project,
  builds: Builds,
  connections: Connections,
  options: RolloutOptions & { readonly report: Report },
): Promise<Survey> {
  const { report, signal = never, outOfOrder = false } = options;
  const stages = selectStages(project.config, { upTo: options.stage ?? null, target: options.target ?? null });
  const seen = await survey(project, builds, connections, {
    names: project.config.stages.flatMap(({ targets }) => targets),
    selected: stages.flatMap(({ targets }) => targets),
    to: options.to == null ? null : findChange(project.changes, options.to).id,
    outOfOrder,
    patience: { policy: project.config.policy, report, signal },
  });
  for (const { severity, target, message } of seen.findings)
    if (severity !== "refuse") report({ kind: severity === "warn" ? "warning" : "note", target, message });
  refuseFound(seen.findings, options.acceptRenamed ?? []);
  return seen;
}

const never = new AbortController().signal;

async function rolloutOn(
  project: Project,
  builds: Builds,
  opened: OpenTargets,
  options: Options,
  fresh: { readonly actor: string; readonly id: string },
): Promise<RolloutResult> {
  const unfinished = await findOpenRollout(opened.control());
  if (options.rollout != null && unfinished?.id !== options.rollout) {
    throw new BelayError("usage", "rollout-unknown", `There is no unfinished rollout ${options.rollout}.`, {
      hint: "`belay status` lists them.",
    });
  }
  if (unfinished === null && options.abort === true) {
    throw new BelayError("usage", "rollout-none", "There is no unfinished rollout to abort.", {
      hint: "`belay revert` takes back what is live.",
    });
  }
  await settleForeign(project, opened, unfinished?.id ?? null, options.report);
  const started =
    unfinished === null
      ? await begin(project, builds, opened, options, fresh)
      : await resume(unfinished, builds, opened, options, fresh.actor);
  if (started === null) return resultOf(null, null);
  await opened.join(started.id);
  const context: RolloutContext = {
    project,
    builds,
    targets: opened.targets,
    get control() {
      return opened.control();
    },
    rollout: started.id,
    actor: fresh.actor,
    report: options.report,
    signal: options.signal ?? never,
    identities: options.binding.identities,
    reopen: opened.reopen,
  };
  const end = await runRollout(context, { approve: approver(options, started.strict) });
  return resultOf(started.id, end);
}

interface Started {
  readonly id: string;
  readonly strict: boolean;
}

/** Checks everything that can be checked before anything is touched, and writes the plan down. */
async function begin(
  project: Project,
  builds: Builds,
  opened: OpenTargets,
  options: Options,
  fresh: { readonly actor: string; readonly id: string },
): Promise<Started | null> {
  const stages = selectStages(project.config, { upTo: options.stage ?? null, target: options.target ?? null });
  const names = stages.flatMap((stage) => stage.targets);
  const states = new Map<string, TargetState>();
  for (const name of names) states.set(name, await readTarget(operatorOf(opened, name)));
  const to = options.to == null ? null : findChange(project.changes, options.to).id;
  const pending = pendingChanges(builds.changes, [...states.values()], to);
  if (options.retry != null) await release(opened, states, pending, options.retry, fresh.actor);
  for (const [name, state] of states) {
    const applied = appliedIn(state);
    const here = pending.filter(({ id }) => !applied.has(id));
    refuseOnTarget(name, options.retry == null ? state : { ...state, held: [] }, here, builds);
  }
  if (pending.length === 0) return null;
  const built = await builds.all(pending);
  const seen = isSeen(pending, options.seen) ? options.seen : await options.look();
  await refuseUnready(project, built, { acceptLoss: options.acceptLoss ?? [], now: Date.now() });
  if (options.acceptDrift !== true) {
    for (const name of names) await refuseDrift(targetOf(opened, name));
  }
  const bound = bindingsOf(seen?.targets.filter(({ target }) => names.includes(target)) ?? [], built);
  const plan = freeze(built, stages, project.config, bound);
  if (options.plan != null) refuseOtherPlan(options.plan, plan);
  await startRollout(opened.control(), fresh.id, fresh.actor, plan);
  return { id: fresh.id, strict: plan.strictApproval };
}

/** Whether what is pending was looked into: since then something half-done may have been settled, or somebody else was at work. */
function isSeen(pending: readonly Change[], seen: Survey | null): boolean {
  const looked = new Set(seen?.pending.map(({ change }) => change.id));
  return seen?.unfinished === null && pending.every(({ id }) => looked.has(id));
}

/**
 * Settles what others than the unfinished rollout have left half-way, such as a `belay revert` that was killed, or a rollout that a person's revert has ended
 * since: only then is it clear what is pending.
 */
async function settleForeign(
  project: Project,
  opened: OpenTargets,
  unfinished: string | null,
  report: Report,
): Promise<void> {
  for (const target of [...opened.targets.values()].toReversed()) {
    await settleHidden({ target, lock: project.config.policy.lock, report }, null);
    const { open } = await readTarget(target.operator);
    if (open === null || (unfinished !== null && open.rollout === unfinished)) continue;
    await settleAlone({ target, directory: project.root, lock: project.config.policy.lock, report }, open);
  }
}

/** Goes on with an unfinished rollout, or turns it round. */
async function resume(
  unfinished: RolloutState,
  builds: Builds,
  opened: OpenTargets,
  options: Options,
  actor: string,
): Promise<Started> {
  const about = { rollout: unfinished.id, actor };
  refuseElsewhere(unfinished.id, unfinished.plan, options.binding.identities);
  if (options.plan != null) refuseOtherPlan(options.plan, unfinished.plan);
  const operator = opened.control().operator;
  if (options.abort === true) await append(operator, "abort-requested", about, {});
  else {
    const { state } = await lookAt(unfinished.id, opened.control(), opened.targets);
    if (turnOf(state) === null) await refuseUnresumable(unfinished, builds, opened);
    if (unfinished.paused) await append(operator, "resume-requested", about, {});
  }
  const message = `going on with the rollout ${unfinished.id}, begun at ${unfinished.startedAt} by ${unfinished.startedBy}`;
  options.report({ kind: "note", target: null, message });
  return { id: unfinished.id, strict: unfinished.plan.strictApproval };
}

/** An interrupted rollout goes on only as what it began as, and not over what a person has taken back since. */
async function refuseUnresumable(unfinished: RolloutState, builds: Builds, opened: OpenTargets): Promise<void> {
  await refuseThawed(unfinished.id, unfinished.plan, builds);
  const planned = unfinished.plan.changes.flatMap(({ id }) => builds.change(id) ?? []);
  for (const { target } of unfinished.targets)
    refuseOnTarget(target, await readTarget(operatorOf(opened, target)), planned, builds);
}

async function release(
  opened: OpenTargets,
  states: ReadonlyMap<string, TargetState>,
  pending: readonly Change[],
  reason: string,
  actor: string,
): Promise<void> {
  for (const [name, state] of states) {
    for (const change of pending) {
      if (heldAs(state, change.id, change.digest) === null) continue;
      await append(operatorOf(opened, name), "released", { change: change.id, actor }, { reason });
    }
  }
}

function approver(options: RolloutOptions, strict: boolean): ((stage: string) => Promise<boolean>) | null {
  if (options.yes === true && !strict) return async () => true;
  const { ask } = options;
  return ask == null ? null : (stage) => ask(`Roll out to the stage ${stage}?`);
}

function targetOf(opened: OpenTargets, name: string): ReturnType<OpenTargets["control"]> {
  return opened.targets.get(name) ?? opened.control();
}

function operatorOf(opened: OpenTargets, name: string): ReturnType<OpenTargets["control"]>["operator"] {
  return targetOf(opened, name).operator;
}
