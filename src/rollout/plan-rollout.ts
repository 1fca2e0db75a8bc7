import { findChange } from "../change/find.js";
import type { Section } from "../plan/step.js";
import { buildAll, type Built } from "../postgres/build-plan.js";
import { withConnections } from "../postgres/session/connections.js";
import { readTarget } from "../postgres/ledger/ledger.js";
import { withSession } from "../postgres/session/session.js";
import { readStoredArtifact, type Project } from "../system/project/project.js";
import { freeze } from "./freeze.js";
import { freshnessOf } from "./preflight.js";
import { selectStages } from "./select-stages.js";

/** What a rollout would do with one change. */
export interface PlannedChange {
  readonly change: string;
  readonly title: string;
  readonly form: "sql" | "knex" | "command";
  readonly forward: readonly PlannedStep[];
  readonly backward: readonly PlannedStep[];
  readonly irreversible: string | null;
  readonly loss: readonly { readonly object: string; readonly what: string }[];
  readonly artifact: "warm" | "stale" | "broken";
  /** As rehearsed, in milliseconds; null where it was not. */
  readonly expectedMs: { readonly up: number; readonly down: number } | null;
  /** The targets on which it is pending. */
  readonly targets: readonly string[];
}

export interface PlannedStep {
  readonly statement: string;
  readonly transaction: "inside" | "outside";
  readonly locks: readonly { readonly relation: string; readonly mode: string }[];
}

export interface RolloutPlan {
  readonly digest: string;
  readonly changes: readonly PlannedChange[];
  readonly stages: readonly {
    readonly name: string;
    readonly targets: readonly string[];
    readonly gates: readonly string[];
    readonly bakeMs: number;
    readonly approval: boolean;
  }[];
}

export interface PlanOptions {
  /** The last change, the last stage and the only target; null for all. */
  readonly to: string | null;
  readonly stage: string | null;
  readonly target: string | null;
}

/** What a rollout would do now: every statement, its lock, its expected time, its way back and its gates. Touches nothing. */
export async function planRollout(project: Project, options: PlanOptions): Promise<RolloutPlan> {
  const { to } = options;
  const selected = selectStages(project.config, { upTo: options.stage, target: options.target });
  const built = await buildAll(project);
  const last =
    to === null ? built.length : built.findIndex(({ change }) => change.id === findChange(project.changes, to).id) + 1;
  const pendingOn = await withConnections(
    project,
    () => undefined,
    async (connections) => {
      const found = new Map<string, ReadonlySet<string>>();
      const names = new Set(selected.flatMap(({ targets }) => targets));
      for (const target of project.config.targets.filter(({ name }) => names.has(name))) {
        const url = await connections.urlOf(target);
        const state = await withSession(url, { applicationName: "belay-read/plan" }, readTarget);
        found.set(target.name, new Set(state.applied.map(({ id }) => id)));
      }
      return (id: string) => [...found].filter(([, applied]) => !applied.has(id)).map(([target]) => target);
    },
  );
  const pending = built.slice(0, last).filter(({ change }) => pendingOn(change.id).length > 0);
  const changes = [];
  for (const one of pending) changes.push(await planned(project, one, pendingOn(one.change.id)));
  const frozen = freeze(pending, selected, project.config);
  const stages = selected.map((stage, index) => ({
    ...stage,
    approval: frozen.stages[index]?.approval ?? stage.approval,
  }));
  return { digest: frozen.digest, changes, stages };
}

async function planned(project: Project, built: Built, targets: readonly string[]): Promise<PlannedChange> {
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
    loss: plan.loss,
    artifact: state,
    expectedMs: evidence?.durationMs ?? null,
    targets,
  };
}

function stepsIn(sections: readonly Section[]): readonly PlannedStep[] {
  return sections.flatMap(({ transaction, steps }) =>
    steps.map(({ sql, locks }) => ({ statement: sql, transaction, locks })),
  );
}
