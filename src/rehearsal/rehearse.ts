import { freshnessOfFiles } from "../artifact/freshness.js";
import type { Evidence, Manifest } from "../artifact/manifest.js";
import type { Recording } from "../artifact/recording.js";
import { findChange } from "../change/find.js";
import { BelayError, messageOf } from "../errors.js";
import type { Entry } from "../journal/entry.js";
import { foldTarget } from "../journal/target-state.js";
import { applyChange } from "../postgres/run/apply-change.js";
import { build, buildAll, type Built } from "../postgres/build-plan.js";
import { requireParsed } from "../postgres/preflight/server-parse.js";
import { withConnections, type Connections } from "../postgres/session/connections.js";
import { readEntries } from "../postgres/ledger/reader.js";
import { openTarget } from "../postgres/session/open-target.js";
import { isConnectionLost } from "../postgres/session/sql-state.js";
import { withSession } from "../postgres/session/session.js";
import type { Report } from "../progress.js";
import { belayVersion } from "../system/version.js";
import type { Target } from "../system/config/config.js";
import { selectTargets } from "../system/config/select-targets.js";
import { readStoredArtifact, writeArtifact, writeManifest, type Project } from "../system/project/project.js";
import { recordDowns } from "./record-downs.js";
import { rehearseChange, type ChangeRehearsal, type Stage } from "./rehearse-change.js";
import { withScratch, type Scratch } from "./scratch.js";

export interface RehearseOptions {
  /** Ids, names or titles; all pending changes by default. */
  readonly changes?: readonly string[];
  /** The target whose catalog is copied; the first one of the first stage by default. */
  readonly target?: string | null;
  readonly report?: Report;
  readonly signal?: AbortSignal;
}

/**
 * Proves that the pending changes can be taken back, each on top of the ones before it, on a scratch copy of a target. The proof is written to the artifacts' manifests.
 * @returns each change's assertions; a change that failed ends the rehearsal, because the next ones stand on it.
 * @throws BelayError `refused` where an artifact was edited or the scratch copy cannot be made.
 */
export async function rehearse(project: Project, options: RehearseOptions = {}): Promise<readonly ChangeRehearsal[]> {
  const report = options.report ?? (() => undefined);
  const wanted = new Set((options.changes ?? []).map((name) => findChange(project.changes, name).id));
  const recordings = await recordDowns(project, { report });
  const built = await buildAll({ ...project, recordings });
  const target = targetOf(project, options.target ?? null);
  const note = (message: string): void => report({ kind: "note", target: null, message });
  return withConnections(project, note, async (connections) => {
    const url = await connections.urlOf(target);
    const { pending: sealed, serverVersion } = await lookAt(target, url, built, wanted);
    if (sealed.length === 0) return [];
    const pending = await recordedAnew(project, sealed, { recordings, wanted, report });
    for (const one of pending) await ensureBuilt(project, one, report);
    const settings = { url, policy: project.config.policy.rehearsal, connections, report };
    try {
      return await withScratch(settings, (scratch) => {
        warnOfVersions(target.name, serverVersion, scratch, report);
        return rehearseOn(project, scratch, pending, wanted, { ...options, report, connections });
      });
    } catch (thrown) {
      throw isConnectionLost(thrown) ? cutOff(thrown) : thrown;
    }
  });
}

/** A way back that decides by what it reads is proved as it is today, not as it was recorded once. */
async function recordedAnew(
  project: Project,
  pending: readonly Built[],
  {
    recordings,
    wanted,
    report,
  }: {
    readonly recordings: ReadonlyMap<string, Recording>;
    readonly wanted: ReadonlySet<string>;
    readonly report: Report;
  },
): Promise<readonly Built[]> {
  const ids = pending.map(({ change }) => change.id).filter((id) => wanted.size === 0 || wanted.has(id));
  const among = new Set(ids.filter((id) => !recordings.has(id)));
  const anew = await recordDowns(project, { anew: among, among, report });
  const source = { ...project, recordings: anew };
  return Promise.all(pending.map((one) => (anew.has(one.change.id) ? build(source, one.change) : one)));
}

/** The connection says nothing about the changes: no evidence is written of it. */
function cutOff(thrown: unknown): BelayError {
  const message = `The rehearsal was cut off: ${messageOf(thrown)}. Nothing but its scratch copy was touched.`;
  return new BelayError("refused", "rehearsal-cut-off", message, { hint: "Run it again.", cause: thrown });
}

async function rehearseOn(
  project: Project,
  scratch: Scratch,
  pending: readonly Built[],
  wanted: ReadonlySet<string>,
  options: RehearseOptions & { readonly report: Report; readonly connections: Connections },
): Promise<readonly ChangeRehearsal[]> {
  // Each step goes up and down several times: what is worth a line is what was proved.
  const report: Report = (progress) => {
    if (progress.kind !== "change-done") options.report(progress);
  };
  const note = (message: string): void => report({ kind: "note", target: "scratch", message });
  const { searchPath } = project.config.policy;
  const opening = {
    name: "scratch",
    url: scratch.url,
    searchPath,
    actor: "rehearsal",
    rollout: null,
    operatorPatienceMs: 1_000,
    note,
  };
  const target = await openTarget(opening);
  const signal = options.signal ?? new AbortController().signal;
  const stage: Stage = { target, policy: project.config.policy, directory: project.root, report, signal };
  try {
    const results: ChangeRehearsal[] = [];
    for (const built of pending) {
      if (wanted.size > 0 && !wanted.has(built.change.id)) {
        await applyUnproven(stage, built);
        continue;
      }
      const result = await rehearseChange(stage, built);
      results.push(result);
      await writeEvidence(project, built, scratch, result);
      if (result.outcome === "failed") break;
    }
    return results;
  } finally {
    await target.close();
  }
}

/** A pending change before the one that is rehearsed: it only has to be there. */
async function applyUnproven(stage: Stage, built: Built): Promise<void> {
  const { target, policy, report, signal, directory } = stage;
  const context = { target, change: built.change.id, direction: "up", lock: policy.lock, report, signal } as const;
  await applyChange(context, { built, before: "", open: null, directory });
}

/** What is pending on the target, each statement known to its server, and that server's version. */
async function lookAt(
  target: Target,
  url: string,
  built: readonly Built[],
  wanted: ReadonlySet<string>,
): Promise<{ readonly pending: readonly Built[]; readonly serverVersion: string }> {
  return withSession(url, { applicationName: "belay-read/rehearse" }, async (session) => {
    const pending = pendingAfter(await readEntries(session), built, wanted);
    await requireParsed(session, target.name, pending.flatMap(({ demands }) => demands)); // prettier-ignore
    const [row] = await session.query<{ version: string }>("SELECT current_setting('server_version') AS version");
    return { pending, serverVersion: row?.version ?? "" };
  });
}

/** What another major proves of this one is less than it seems. */
function warnOfVersions(target: string, serverVersion: string, scratch: Scratch, report: Report): void {
  if (Number.parseInt(serverVersion, 10) === Number.parseInt(scratch.serverVersion, 10)) return;
  const message = `it runs PostgreSQL ${serverVersion}, and is rehearsed on ${scratch.serverVersion}: set policy.rehearsal.on to a server of its own version`;
  report({ kind: "warning", target, message });
}

function pendingAfter(
  entries: readonly Entry[],
  built: readonly Built[],
  wanted: ReadonlySet<string>,
): readonly Built[] {
  const applied = new Set(foldTarget(entries).applied.map((change) => change.id));
  const already = built.find(({ change }) => wanted.has(change.id) && applied.has(change.id));
  if (already !== undefined) {
    throw new BelayError("usage", "change-applied", `${already.change.id} is applied on the target already.`, {
      hint: "Only pending changes are rehearsed. Name another target with --target.",
    });
  }
  const last = wanted.size === 0 ? built.length : built.findLastIndex(({ change }) => wanted.has(change.id)) + 1;
  return built.slice(0, last).filter(({ change }) => !applied.has(change.id));
}

/** Builds an artifact that is missing or out of date; an edited one is for a person to look at. */
async function ensureBuilt(project: Project, built: Built, report: Report): Promise<void> {
  const freshness = freshnessOfFiles(built.artifact, await readStoredArtifact(project, built.artifact.manifest));
  if (freshness.state === "warm") return;
  if (freshness.code === "artifact-edited") {
    throw new BelayError("refused", freshness.code, `${freshness.reason}.`, { hint: freshness.hint });
  }
  await writeArtifact(project, built.artifact);
  const file = `rollbacks/${built.artifact.manifest.file}`;
  report({
    kind: "note",
    target: null,
    message: freshness.code === "artifact-missing" ? `built ${file}` : `built ${file}: ${freshness.reason}`,
  });
}

async function writeEvidence(project: Project, built: Built, scratch: Scratch, result: ChangeRehearsal): Promise<void> {
  const evidence: Evidence = {
    at: new Date().toISOString(),
    outcome: result.outcome,
    digest: built.change.digest,
    artifact: built.artifact.manifest.sha256,
    belayVersion: belayVersion(),
    serverVersion: scratch.serverVersion,
    on: scratch.on,
    base: result.base,
    assertions: result.assertions.map(({ name, passed, detail }) => ({ name, passed, detail })),
    durationMs: result.durationMs,
  };
  const manifest: Manifest = { ...built.artifact.manifest, evidence };
  await writeManifest(project, manifest);
}

function targetOf(project: Project, wanted: string | null): Target {
  const name = wanted ?? project.config.stages[0]?.targets[0] ?? null;
  const [target] = selectTargets(project.config, name);
  if (target !== undefined) return target;
  throw new BelayError("defect", "target-none", "The config has no target.");
}
