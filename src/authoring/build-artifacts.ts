import { freshnessOfFiles } from "../artifact/freshness.js";
import { findChange } from "../change/find.js";
import { buildAll } from "../postgres/build-plan.js";
import { readStoredArtifact, writeArtifact, type Project } from "../system/project/project.js";
import { readLeniently } from "./read-leniently.js";

export interface BuiltArtifact {
  readonly change: string;
  readonly file: string;
  readonly action: "built" | "unchanged" | "out-of-date";
  /** Why it was, or is to be, built. */
  readonly reason: string | null;
}

/** Builds the artifacts that are missing, edited or out of date; with `check` it only says which. A fresh one keeps its evidence. */
export async function buildArtifacts(
  project: Project,
  names: readonly string[],
  check: boolean,
): Promise<readonly BuiltArtifact[]> {
  const wanted = new Set(names.map((name) => findChange(project.changes, name).id));
  const results: BuiltArtifact[] = [];
  for (const { change, artifact } of await buildAll(project)) {
    if (wanted.size > 0 && !wanted.has(change.id)) continue;
    const stored = await readLeniently(() => readStoredArtifact(project, artifact.manifest));
    const freshness = freshnessOfFiles(artifact, stored);
    const file = `rollbacks/${artifact.manifest.file}`;
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
