import { findChange } from "../change/find.js";
import type { PlannedChange, PlannedStep, PlannedTarget, RolloutPlan } from "../plan/rollout-plan.js";
import { reversibilityOf, type Section } from "../plan/step.js";
import { buildsOf, type Built } from "../postgres/build-plan.js";
import { withConnections } from "../postgres/session/connections.js";
import { diskNeeds } from "../preflight/judge-disk.js";
import { readStoredArtifact, type Project } from "../system/project/project.js";
import { freeze } from "./freeze.js";
import { freshnessOf } from "./preflight.js";
import { selectStages } from "./select-stages.js";
import { bindingsOf, survey, type Seen } from "./survey.js";

export interface PlanOptions {
  /** The last change, the last stage and the only target; null for all. */
  readonly to: string | null;
  readonly stage: string | null;
  readonly target: string | null;
  /** Says in the findings that changes out of order may run. */
  readonly outOfOrder?: boolean;
}

/** What a rollout would do now: every statement, its lock, its expected time, its way back and its gates. Touches nothing. */
export async function planRollout(project: Project, options: PlanOptions): Promise<RolloutPlan> {
  const selected = selectStages(project.config, { upTo: options.stage, target: options.target });
  const builds = buildsOf(project);
  const names = selected.flatMap(({ targets }) => targets);
  const to = options.to === null ? null : findChange(project.changes, options.to).id;
  const looking = { names, selected: names, to, outOfOrder: options.outOfOrder ?? false, patience: null };
  const quietly = (): void => undefined;
  const { targets, pending, findings } = await withConnections(project, quietly, (connections) =>
    survey(project, builds, connections, looking),
  );
  const changes = [];
  for (const one of pending) changes.push(await planned(project, one, targets));
  const frozen = freeze(pending, selected, project.config, bindingsOf(targets, pending));
  const stages = selected.map((stage, index) => ({
    ...stage,
    approval: frozen.stages[index]?.approval ?? stage.approval,
  }));
  return { digest: frozen.digest, changes, stages, targets: targets.map(plannedTarget), findings };
}

function plannedTarget({ target, shownAs, server, pending, facts, demands }: Seen): PlannedTarget {
  const { systemIdentifier, database, version, role, superuser, schemas, encoding, collation, timeZone, extensions } =
    server;
  const disk = facts === null ? [] : diskNeeds(facts, demands);
  return {
    target,
    address: shownAs,
    systemIdentifier,
    database,
    serverVersion: version,
    role,
    superuser,
    searchPath: schemas,
    encoding,
    collation,
    timeZone,
    extensions,
    pending,
    disk: disk.map(({ direction, place, bytes }) => ({
      direction,
      place: place === "" ? "data directory" : place,
      neededBytes: bytes,
      freeBytes: facts?.freeBytes[place] ?? null,
    })),
  };
}

async function planned(project: Project, built: Built, seen: readonly Seen[]): Promise<PlannedChange> {
  const { change, plan, artifact } = built;
  const { state } = await freshnessOf(project, built, Date.now());
  const evidence = state === "warm" ? (await readStoredArtifact(project, artifact.manifest)).manifest?.evidence : null;
  const asSteps = (argv: readonly string[]): readonly PlannedStep[] => [
    { statement: argv.join(" "), transaction: "outside", locks: [] },
  ];
  const halves =
    plan.form === "command"
      ? { forward: asSteps(plan.forward), backward: asSteps(plan.backward) }
      : { forward: stepsIn(plan.forward), backward: stepsIn(plan.backward) };
  return {
    change: change.id,
    title: change.title,
    form: change.form,
    ...halves,
    irreversible: change.directives.irreversible,
    reversibility: reversibilityOf(plan.loss, change.directives.irreversible),
    loss: plan.loss,
    ...(artifact.manifest.dynamic !== undefined && { dynamic: { leftOut: artifact.manifest.dynamic.dependent } }),
    artifact: state,
    expectedMs: evidence?.durationMs ?? null,
    targets: seen.filter(({ pending }) => pending.includes(change.id)).map(({ target }) => target),
  };
}

function stepsIn(sections: readonly Section[]): readonly PlannedStep[] {
  return sections.flatMap(({ transaction, steps }) =>
    steps.map(({ sql, purpose, locks, batch, origin, role }) => ({
      statement: sql,
      ...(role !== undefined && purpose === null && { role }),
      ...(origin !== undefined && { origin }),
      ...(purpose !== null && { purpose }),
      transaction,
      locks,
      ...(batch !== undefined && { batchKey: batch.key }),
    })),
  );
}
