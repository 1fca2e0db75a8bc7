import { mkdir, readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { BelayError, messageOf } from "../errors.js";
import { build } from "../postgres/build-plan.js";
import { changesOf, type ProposedChange } from "../proposal/changes-of.js";
import { parseProposal } from "../proposal/parse-proposal.js";
import type { AdvisoryAction, Proposal } from "../proposal/proposal.js";
import { readIfThere, writeTogether } from "../system/files.js";
import { withoutIrreversible } from "./derive-files.js";
import { loadProject, readStoredArtifact, writeArtifact, type Project } from "../system/project/project.js";
import { freshnessOfFiles } from "../artifact/freshness.js";

/** What became of a proposed change: `kept` where a person has edited the pair since. */
export type Action = "written" | "updated" | "unchanged" | "kept";

export interface ProposedFiles {
  readonly proposed: ProposedChange;
  /** Relative to the project. */
  readonly files: readonly string[];
  readonly action: Action;
}

export interface ProposeResult {
  readonly proposal: Proposal;
  readonly changes: readonly ProposedFiles[];
  readonly advisories: readonly AdvisoryAction[];
}

/**
 * Turns a report into pairs and their artifacts. Run again on the same report it changes nothing; a pair that a person has edited keeps its statements, and only its
 * head follows the report.
 * @throws BelayError `usage` naming the report's line; nothing is written then.
 */
export async function propose(
  project: Project,
  report: string,
  options: { readonly dryRun?: boolean } = {},
): Promise<ProposeResult> {
  const path = resolve(report);
  const source = relative(process.cwd(), path) || path;
  const proposal = await parseProposal(await read(path, source), source);
  const proposed = await changesOf(proposal, source);
  refuseTakenVersions(project, proposed);
  const planned = await Promise.all(proposed.map((change) => plan(project, change)));
  if (options.dryRun !== true) await write(project, planned);
  return {
    proposal,
    changes: planned.map(({ proposed: change, files, action }) => ({ proposed: change, files, action })),
    advisories: proposal.actions.filter((action) => action.kind === "advisory"),
  };
}

interface Planned extends ProposedFiles {
  /** Path and text of what is to be written. */
  readonly writes: readonly (readonly [string, string])[];
}

async function plan(project: Project, proposed: ProposedChange): Promise<Planned> {
  const files = [`migrations/${proposed.id}.up.sql`, `migrations/${proposed.id}.down.sql`];
  const [up = "", down = ""] = files.map((file) => join(project.root, file));
  const [oldUp, oldDown] = [await readIfThere(up), await readIfThere(down)];
  if (oldUp === null || oldDown === null) {
    return { proposed, files, action: "written", writes: [[up, proposed.up], [down, proposed.down]] }; // prettier-ignore
  }
  if (oldUp === proposed.up && oldDown === proposed.down) return { proposed, files, action: "unchanged", writes: [] };
  const isEdited = bodyOf(oldUp) !== bodyOf(proposed.up) || bodyOf(oldDown) !== bodyOf(proposed.down);
  const head = headOf(proposed.up);
  // Somebody has written, or derived, the way back that the report's statement does not tell.
  const hasWayBack = bodyOf(proposed.down) === "" && bodyOf(oldDown) !== "";
  const newUp = (hasWayBack ? withoutIrreversible(head) : head) + bodyOf(isEdited ? oldUp : proposed.up);
  if (newUp === oldUp) return { proposed, files, action: "kept", writes: [] };
  const newDown: readonly (readonly [string, string])[] = isEdited ? [] : [[down, proposed.down]];
  return { proposed, files, action: isEdited ? "kept" : "updated", writes: [[up, newUp], ...newDown] };
}

async function write(project: Project, planned: readonly Planned[]): Promise<void> {
  await mkdir(join(project.root, "migrations"), { recursive: true });
  await writeTogether(planned.flatMap(({ writes }) => writes));
  const after = await loadProject({ directory: project.root, configFile: project.configFile });
  for (const { proposed } of planned) {
    const change = after.changes.find((candidate) => candidate.id === proposed.id);
    if (change === undefined)
      throw new BelayError("defect", "proposal-lost", `${proposed.id} was written, but is not found.`);
    const { artifact } = await build(after, change);
    const stored = await readStoredArtifact(after, artifact.manifest);
    if (freshnessOfFiles(artifact, stored).state !== "warm") await writeArtifact(after, artifact);
  }
}

const headLine = /^(?:--.*|\s*)$/;

/** The comments and blank lines before the first statement. */
function headOf(text: string): string {
  return text.slice(0, text.length - bodyOf(text).length);
}

function bodyOf(text: string): string {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => !headLine.test(line));
  return first === -1 ? "" : lines.slice(first).join("\n");
}

function refuseTakenVersions(project: Project, proposed: readonly ProposedChange[]): void {
  for (const { id, version } of proposed) {
    const other = project.changes.find((change) => change.version === version && change.id !== id);
    if (other === undefined) continue;
    throw new BelayError(
      "usage",
      "version-taken",
      `The report's timestamp gives ${id} its version, but ${other.id} has it already.`,
      {
        hint: "Another report has the same timestamp: change one of them by some seconds.",
      },
    );
  }
}

async function read(path: string, source: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw new BelayError("usage", "report-unreadable", `${source}: ${messageOf(thrown)}`, {
      hint: "Name a report in Markdown.",
      cause: thrown,
    });
  }
}
