import { artifactFile, type Artifact } from "../artifact/artifact.js";
import { freshnessOfFiles } from "../artifact/freshness.js";
import type { Recording } from "../artifact/recording.js";
import type { Change } from "../change/change.js";
import { findChange } from "../change/find.js";
import { orderChanges } from "../change/order.js";
import { BelayError } from "../errors.js";
import { build, type BuildSource } from "../postgres/build-plan.js";
import type { Report } from "../progress.js";
import { recordDowns } from "../rehearsal/record-downs.js";
import { readStoredArtifact, writeArtifact, type Project } from "../system/project/project.js";
import { readLeniently } from "./read-leniently.js";

export interface BuiltArtifact {
  readonly change: string;
  readonly file: string;
  readonly action: "built" | "unchanged" | "out-of-date";
  /** Why it was, or is to be, built. */
  readonly reason: string | null;
}

/**
 * Builds the artifacts that are missing, edited or out of date; with `check` it only says which. A fresh one keeps its evidence. A way back that decides by what
 * it reads is run on a scratch copy for that, where nothing is sealed of it on the changes of today, or where its change is named.
 */
export async function buildArtifacts(
  project: Project,
  names: readonly string[],
  check: boolean,
  report?: Report,
): Promise<readonly BuiltArtifact[]> {
  const wanted = new Set(names.map((name) => findChange(project.changes, name).id));
  const recordings = check ? new Map<string, Recording>() : await recordDowns(project, { anew: wanted, ...(report !== undefined && { report }) }); // prettier-ignore
  const results: BuiltArtifact[] = [];
  for (const change of orderChanges(project.changes)) {
    if (wanted.size > 0 && !wanted.has(change.id)) continue;
    const file = `rollbacks/${artifactFile(change)}`;
    const artifact = await artifactOf({ ...project, recordings }, change);
    if (artifact instanceof BelayError) {
      if (!check) throw artifact;
      results.push({ change: change.id, file, action: "out-of-date", reason: artifact.message });
      continue;
    }
    const stored = await readLeniently(() => readStoredArtifact(project, artifact.manifest));
    const freshness = freshnessOfFiles(artifact, stored);
    if (freshness.state === "warm") {
      results.push({ change: change.id, file, action: "unchanged", reason: null });
      continue;
    }
    if (!check) await writeArtifact(project, artifact);
    const isNew = !check && freshness.code === "artifact-missing";
    const reason = isNew ? null : freshness.reason;
    results.push({ change: change.id, file, action: check ? "out-of-date" : "built", reason });
  }
  return results;
}

/** The artifact, or why its way back is to be recorded first. */
async function artifactOf(source: BuildSource, change: Change): Promise<Artifact | BelayError> {
  try {
    return (await build(source, change)).artifact;
  } catch (thrown) {
    if (thrown instanceof BelayError && thrown.code === "knex-down-unrecorded") return thrown;
    throw thrown;
  }
}
