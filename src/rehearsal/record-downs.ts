import type { Recording } from "../artifact/recording.js";
import type { Change, KnexChange } from "../change/change.js";
import { orderChanges } from "../change/order.js";
import { BelayError, messageOf } from "../errors.js";
import { build } from "../postgres/build-plan.js";
import { compareRuns } from "../postgres/knex/compare-runs.js";
import { basisOf, isDynamic } from "../postgres/knex/down.js";
import { emptyTables } from "../postgres/knex/empty-tables.js";
import { recordRun, type Run } from "../postgres/knex/record-run.js";
import { applyChange } from "../postgres/run/apply-change.js";
import { withConnections, type Connections } from "../postgres/session/connections.js";
import { openTarget } from "../postgres/session/open-target.js";
import { withSession } from "../postgres/session/session.js";
import type { Report } from "../progress.js";
import { readStoredArtifact, type Project } from "../system/project/project.js";
import { recordingBases, type RecordingBase } from "./recording-base.js";
import { withScratch } from "./scratch.js";

export interface RecordOptions {
  /** Ids of the changes that are recorded anew whatever is sealed of them. */
  readonly anew?: ReadonlySet<string>;
  /** Ids of the only changes that matter; all by default. */
  readonly among?: ReadonlySet<string> | null;
  readonly report?: Report;
}

/**
 * Records the ways back of knex migrations that decide by what they read, where nothing is sealed of them on the changes of today: each is run on scratch copies
 * of a database with the changes before and itself applied, which differ in their rows. Starts no server where there is no such change.
 * @returns what was recorded, by change.
 * @throws BelayError `knex-down-unrecordable` where it runs on none of them, or a change before does not.
 */
export async function recordDowns(
  project: Project,
  options: RecordOptions = {},
): Promise<ReadonlyMap<string, Recording>> {
  const wanted: KnexChange[] = [];
  for (const change of orderChanges(project.changes)) {
    if (options.among?.has(change.id) === false || !(await isDynamic(change)) || change.form !== "knex") continue;
    if (options.anew?.has(change.id) === true || !(await isSealed(project, change))) wanted.push(change);
  }
  if (wanted.length === 0) return new Map();
  const report = options.report ?? (() => undefined);
  const note = (message: string): void => report({ kind: "note", target: null, message });
  return withConnections(project, note, async (connections) => {
    note(`recording the way back of ${wanted.map(({ id }) => id).join(", ")} on a scratch copy`);
    return recordOnBases({ project, wanted, connections, report });
  });
}

/** Whether what lies in `rollbacks/` was recorded of this very change, on these very changes before it. */
async function isSealed(project: Project, change: KnexChange): Promise<boolean> {
  try {
    const { manifest } = await readStoredArtifact(project, { change: change.id, file: `${change.id}.sql` });
    const basis = basisOf(project.changes, change, project.config.policy.searchPath);
    return manifest?.digest === change.digest && manifest.dynamic?.basis === basis;
  } catch (thrown) {
    if (thrown instanceof BelayError && thrown.code === "manifest-invalid") return false;
    throw thrown;
  }
}

interface Work {
  readonly project: Project;
  readonly wanted: readonly KnexChange[];
  readonly connections: Connections;
  readonly report: Report;
}

/** A database that nobody has made by these changes alone is copied from a target. */
async function recordOnBases(work: Work): Promise<ReadonlyMap<string, Recording>> {
  const failures: BelayError[] = [];
  for await (const base of recordingBases(work.project, work.wanted, work.connections)) {
    try {
      return await recordOn(work, base);
    } catch (thrown) {
      if (!(thrown instanceof NotApplied)) throw thrown;
      failures.push(thrown);
    }
  }
  const why = failures.map(messageOf).join(" ");
  throw new BelayError(
    "refused",
    "knex-down-unrecordable",
    `The way back of ${work.wanted[0]?.id} could not be recorded: ${why}`,
    {
      hint: "Make a target reachable whose catalog can be copied, or write a down that only builds statements.",
    },
  );
}

/** A change that comes before does not run on a base. */
class NotApplied extends BelayError {}

async function recordOn(work: Work, base: RecordingBase): Promise<ReadonlyMap<string, Recording>> {
  const { project, wanted, connections, report } = work;
  // What is copied is a catalog: the rows are made up.
  const policy = { ...project.config.policy.rehearsal, sample: 0 };
  const found = new Map<string, Recording>();
  await withScratch({ url: base.url, policy, connections, report }, async ({ url }) => {
    let begun: Change[] = [];
    for (const change of upToLast(project.changes, wanted)) {
      if (!base.applied.has(change.id)) begun.push(change);
      const own = wanted.find(({ id }) => id === change.id);
      if (own === undefined) continue;
      await applyAll(project, url, begun, base);
      begun = [];
      found.set(own.id, await recordOne(work, own, url, base));
    }
  });
  return found;
}

function upToLast(changes: readonly Change[], wanted: readonly Change[]): readonly Change[] {
  const ordered = orderChanges(changes);
  return ordered.slice(0, ordered.findLastIndex(({ id }) => wanted.some((one) => one.id === id)) + 1);
}

/** Commands are left out: they may reach further than a scratch copy. */
async function applyAll(project: Project, url: string, changes: readonly Change[], base: RecordingBase): Promise<void> {
  const { policy } = project.config;
  const { searchPath } = policy;
  const target = await openTarget({
    name: "scratch",
    url,
    searchPath,
    actor: "recording",
    rollout: null,
    operatorPatienceMs: 1_000,
    note: () => undefined,
  });
  const signal = new AbortController().signal;
  try {
    for (const change of changes.filter(({ form }) => form !== "command")) {
      const context = {
        target,
        change: change.id,
        direction: "up",
        lock: policy.lock,
        report: () => undefined,
        signal,
      } as const;
      try {
        const built = await build(project, withoutWayBack(change));
        await applyChange(context, { built, before: "", open: null, directory: project.root });
      } catch (thrown) {
        const message = `${change.id} does not run on ${base.shownAs}: ${messageOf(thrown)}.`;
        throw new NotApplied("refused", "knex-down-unrecordable", message, { cause: thrown });
      }
    }
  } finally {
    await target.close();
  }
}

/** It only has to be there. */
function withoutWayBack<T extends Change>(change: T): T {
  return { ...change, directives: { ...change.directives, irreversible: "on a scratch copy" } };
}

async function recordOne(
  { project, connections, report }: Work,
  change: KnexChange,
  url: string,
  base: RecordingBase,
): Promise<Recording> {
  const { rehearsal, searchPath } = project.config.policy;
  const source = { url, policy: { ...rehearsal, on: "template" }, connections, report };
  const isTransaction = change.directives.transaction !== "off";
  const runs: Run[] = [];
  for (const { isEmpty, madeUpRows } of worlds) {
    runs.push(
      await withScratch(source, (copy) =>
        withSession(copy.url, { applicationName: "belay-rehearsal/recording", searchPath }, async ({ client }) => {
          if (isEmpty) await emptyTables(client);
          return recordRun(client, change.down, { isTransaction, madeUpRows });
        }),
      ),
    );
  }
  const real = runs.filter((_, index) => worlds[index]?.madeUpRows === null);
  if (real.every(({ thrown }) => thrown !== null)) throw unrecordable(change, base, real[0]?.thrown ?? "");
  const basis = basisOf(project.changes, change, searchPath);
  const { sealed, dependent, reads } = compareRuns(runs);
  return { basis, base: base.name, sealed: [...sealed], dependent: [...dependent], reads: [...reads] };
}

/** With the rows that the changes themselves have written, with none, and with answers that no database gives. */
const worlds = [
  { isEmpty: false, madeUpRows: null },
  { isEmpty: true, madeUpRows: null },
  { isEmpty: false, madeUpRows: 1 },
  { isEmpty: false, madeUpRows: 3 },
] as const;

function unrecordable({ id, files }: KnexChange, base: RecordingBase, thrown: string): BelayError {
  const message = `${files[0] ?? id}: its down does not run on ${base.shownAs} with the changes before it: ${thrown}`;
  return new BelayError("refused", "knex-down-unrecordable", message, {
    hint: "Correct it, or write a down that only builds statements.",
  });
}
