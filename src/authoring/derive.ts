import { type Change, type SqlChange, sqlChange } from "../change/change.js";
import { findChange } from "../change/find.js";
import { BelayError, messageOf } from "../errors.js";
import { build, goesBackAlone, type Built } from "../postgres/build-plan.js";
import { applyChange } from "../postgres/run/apply-change.js";
import { type Connections, withConnections } from "../postgres/session/connections.js";
import { openTarget } from "../postgres/session/open-target.js";
import type { Report } from "../progress.js";
import { rehearseChange, type Stage } from "../rehearsal/rehearse-change.js";
import { withScratch } from "../rehearsal/scratch.js";
import { parseStatements } from "../sql/parse.js";
import { writeArtifact, type Project } from "../system/project/project.js";
import { type Base, chooseBase } from "./derive-base.js";
import { type DerivedDown, deriveDown, downText, NotDerived } from "./derive-change.js";
import { withoutIrreversible, writePair } from "./derive-files.js";

export interface DeriveOptions {
  /** Ids, names or titles; by default all changes whose way back is missing or empty. */
  readonly changes?: readonly string[];
  /** Also where there is a way back already. */
  readonly force?: boolean;
  readonly target?: string | null;
  readonly report?: Report;
  readonly signal?: AbortSignal;
}

export interface DerivedChange extends DerivedDown {
  readonly change: string;
  /** What was written, relative to the project. */
  readonly files: readonly string[];
  /** The way back that was there before; null where there was none. */
  readonly replaced: string | null;
}

export interface DeriveResult {
  /** Null where there was nothing to derive. */
  readonly base: Base | null;
  readonly changes: readonly DerivedChange[];
  /** Why the first change that has none has none; those after it stand on it and were not tried. */
  readonly refused: {
    readonly change: string;
    readonly error: BelayError;
    readonly statements: readonly string[];
  } | null;
}

/**
 * Writes the way back of changes from their effect on a scratch database: the difference of the catalogs before and after, turned into statements. It is written
 * only where a rehearsal of the whole pair proves it.
 * @throws BelayError where there is no scratch database, or an earlier change does not run on it.
 */
export async function derive(project: Project, options: DeriveOptions = {}): Promise<DeriveResult> {
  const wanted = await wantedOf(project, options);
  if (wanted.length === 0) return { base: null, changes: [], refused: null };
  const report = options.report ?? (() => undefined);
  const note = (message: string): void => report({ kind: "note", target: null, message });
  return withConnections(project, note, async (connections) => {
    const base = await chooseBase(project.config, options.target ?? null, wanted, connections);
    note(base.kind === "target" ? `derived on a copy of ${base.target}` : `derived on an empty database with all earlier changes: ${base.why}`); // prettier-ignore
    const policy = project.config.policy.rehearsal;
    return withScratch({ url: base.url, policy, connections, report }, async ({ url }) =>
      onScratch(project, { url, base, wanted, options, connections }),
    );
  });
}

interface Work {
  readonly url: string;
  readonly base: Base;
  readonly wanted: readonly SqlChange[];
  readonly options: DeriveOptions;
  readonly connections: Connections;
}

async function onScratch(project: Project, work: Work): Promise<DeriveResult> {
  const { base, wanted, options } = work;
  const stage = await openStage(project, work);
  const changes: DerivedChange[] = [];
  try {
    for (const change of before(project.changes, wanted, base)) {
      const own = wanted.find(({ id }) => id === change.id);
      if (own === undefined) {
        await applyAsItIs(stage, project, change, base);
        continue;
      }
      try {
        changes.push(await deriveOne(stage, project, own));
      } catch (thrown) {
        if (!(thrown instanceof NotDerived)) throw thrown;
        return { base, changes, refused: { change: change.id, error: thrown, statements: thrown.found } };
      }
      if (options.signal?.aborted === true)
        throw new BelayError(
          "interrupted",
          "interrupted",
          `Interrupted after ${change.id}; what was derived is written.`,
        );
    }
    return { base, changes, refused: null };
  } finally {
    await stage.target.close();
  }
}

async function openStage(project: Project, { url, options }: Work): Promise<Stage> {
  const { policy } = project.config;
  const report = options.report ?? (() => undefined);
  const note = (message: string): void => report({ kind: "note", target: "scratch", message });
  const { searchPath } = policy;
  const target = await openTarget({ name: "scratch", url, searchPath, actor: "derive", rollout: null, operatorPatienceMs: 1_000, note }); // prettier-ignore
  const signal = options.signal ?? new AbortController().signal;
  // What is worth a line is what came of it.
  return { target, policy, directory: project.root, report: () => undefined, signal };
}

/** The changes up to the last wanted one that the base does not have yet. */
function before(changes: readonly Change[], wanted: readonly SqlChange[], { applied }: Base): readonly Change[] {
  const last = changes.findLastIndex(({ id }) => wanted.some((one) => one.id === id));
  return changes.slice(0, last + 1).filter(({ id }) => !applied.has(id));
}

async function deriveOne(stage: Stage, project: Project, change: SqlChange): Promise<DerivedChange> {
  const derived = await deriveDown(stage.target, change, homeOf(stage));
  const up = withoutIrreversible(change.up);
  const directives = { ...change.directives, irreversible: null };
  const { id, version, name, files: pairFiles } = change;
  const pair = sqlChange({ id: { id, version, name }, directives, files: pairFiles }, up, downText(change, derived));
  const built = await build(project, pair);
  await prove(stage, built, derived);
  const replaced = (await isEmpty(change)) ? null : change.down;
  await writePair(project, change, pair);
  await writeArtifact(project, built.artifact);
  const files = [...pair.files, `rollbacks/${built.artifact.manifest.file}`];
  return { change: change.id, ...derived, files, replaced };
}

function homeOf({ policy }: Stage): string {
  return policy.searchPath.split(",")[0] ?? "public";
}

/** The pair as a whole, with rows, as it would run on a target. */
async function prove(stage: Stage, built: Built, { statements }: DerivedDown): Promise<void> {
  const { outcome, assertions } = await rehearseChange(stage, built);
  if (outcome === "proven") return;
  const failed = assertions.filter(({ passed }) => !passed);
  const reasons = failed.map(({ name, detail }) => `What was derived fails its rehearsal: ${name}: ${detail}.`);
  throw new NotDerived(built.change.id, reasons, statements);
}

async function applyAsItIs(stage: Stage, project: Project, change: Change, base: Base): Promise<void> {
  const { target, policy, report, signal, directory } = stage;
  const context = { target, change: change.id, direction: "up", lock: policy.lock, report, signal } as const;
  try {
    const built = await build(project, await withSomeDown(change));
    await applyChange(context, { built, before: "", open: null, directory });
  } catch (thrown) {
    if (thrown instanceof BelayError && ["interrupted", "defect"].includes(thrown.kind)) throw thrown;
    const where = base.kind === "empty" ? "an empty database" : `a copy of ${base.target}`;
    throw new BelayError(
      "refused",
      "derive-base",
      `${change.id}, which comes before, does not run on ${where}: ${messageOf(thrown)}`,
      {
        hint:
          base.kind === "empty"
            ? `Make a target reachable whose catalog can be copied (${base.why}).`
            : "Correct it, or apply it first.",
        cause: thrown,
      },
    );
  }
}

/** An earlier change only has to run: whether it has a way back does not matter here. */
async function withSomeDown(change: Change): Promise<Change> {
  if (change.form === "command" || (change.form === "sql" && !(await isEmpty(change)))) return change;
  const directives = { ...change.directives, irreversible: change.directives.irreversible ?? "none is written yet" };
  return { ...change, directives };
}

async function isEmpty({ down, files }: SqlChange): Promise<boolean> {
  return (await parseStatements(down, files[1] ?? "")).length === 0;
}

/** A file that says that no statement is needed is an answer, where rows go back by themselves. */
async function wantsDown(change: SqlChange): Promise<boolean> {
  if (!(await isEmpty(change))) return false;
  return (
    change.down.trim() === "" ||
    !goesBackAlone(await parseStatements(change.up, change.files[0] ?? ""), change.directives.keep)
  );
}

/** What the report that a change came from, or nobody, has given a way back. One that a person declared irreversible is left alone until it is named. */
async function wantedOf(
  project: Project,
  { changes = [], force = false }: DeriveOptions,
): Promise<readonly SqlChange[]> {
  const named = new Set(changes.map((name) => findChange(project.changes, name).id));
  const wanted: SqlChange[] = [];
  for (const change of project.changes) {
    const isNamed = named.has(change.id);
    if (named.size > 0 && !isNamed) continue;
    if (change.form !== "sql") {
      if (isNamed) throw notInSql(change);
      continue;
    }
    const { irreversible, proposal } = change.directives;
    const isDeclared = irreversible !== null && proposal === null;
    if ((force || (await wantsDown(change))) && (isNamed || !isDeclared)) wanted.push(change);
  }
  return wanted;
}

function notInSql({ id, form }: Change): BelayError {
  const what = form === "knex" ? "a knex migration" : "a pair of commands";
  return new BelayError("refused", "derive-form", `${id} is ${what}: a way back is derived for a pair in SQL alone.`, {
    hint: "Write its way back by hand, or write it in SQL: belay new <Name>.",
  });
}
