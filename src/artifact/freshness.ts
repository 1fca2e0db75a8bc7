import { sha256 } from "../change/digest.js";
import type { Artifact } from "./artifact.js";
import type { Manifest } from "./manifest.js";

/**
 * - `warm`: as it would be built today, and rehearsed where that is required.
 * - `stale`: its change, or Belay, has moved on since, or its rehearsal is missing, failed or too old.
 * - `broken`: missing, or edited after it was sealed.
 */
export type Freshness =
  | { readonly state: "warm" }
  | { readonly state: "stale" | "broken"; readonly reason: string; readonly code: string; readonly hint: string };

/** What lies in `rollbacks/` for a change; null where the file is not there. */
export interface Stored {
  readonly text: string | null;
  readonly manifest: Manifest | null;
}

/** The files of a change with this digest alone: are they there, unedited, and of this very change? */
export function freshnessOfSealed(
  { file: name, digest }: Pick<Manifest, "file" | "digest">,
  stored: Stored,
): Freshness {
  const file = `rollbacks/${name}`;
  const build = "Run `belay build`.";
  if (stored.manifest === null || stored.text === null) {
    return { state: "broken", code: "artifact-missing", reason: `${file} or its manifest is missing`, hint: build };
  }
  const actual = sha256(stored.text);
  if (actual !== stored.manifest.sha256) {
    const reason = `${file} was edited after it was sealed: sealed as ${stored.manifest.sha256}, now ${actual}`;
    return { state: "broken", code: "artifact-edited", reason, hint: `${build} It puts back what belongs there.` };
  }
  if (stored.manifest.digest !== digest) {
    const reason = `${file} takes back ${stored.manifest.digest}, but the change is now ${digest}`;
    return { state: "stale", code: "artifact-stale", reason, hint: build };
  }
  return { state: "warm" };
}

/** The same, and are they what would be built today? */
export function freshnessOfFiles({ manifest }: Artifact, stored: Stored): Freshness {
  const sealed = freshnessOfSealed(manifest, stored);
  if (sealed.state !== "warm" || stored.manifest === null) return sealed;
  if (stored.manifest.sha256 === manifest.sha256 && sameButEvidence(stored.manifest, manifest)) return sealed;
  const reason = `rollbacks/${manifest.file} is not what would be built today`;
  return { state: "stale", code: "artifact-stale", reason, hint: "Run `belay build`." };
}

/** The files, as they were found to be, and the proof that they work: not older than `maxAgeMs` at `now` (milliseconds since 1970). */
export function freshnessOfProof(files: Freshness, { manifest }: Stored, now: number, maxAgeMs: number): Freshness {
  if (files.state !== "warm" || manifest === null) return files;
  const { change, evidence } = manifest;
  const hint = `Run \`belay rehearse ${change}\`.`;
  if (evidence === null)
    return { state: "stale", code: "not-rehearsed", reason: `${change} was never rehearsed`, hint };
  if (evidence.digest !== manifest.digest || evidence.artifact !== manifest.sha256) {
    return { state: "stale", code: "rehearsal-stale", reason: `${change} has changed since it was rehearsed`, hint };
  }
  if (evidence.outcome === "failed") {
    return { state: "stale", code: "rehearsal-failed", reason: `the rehearsal of ${change} failed`, hint };
  }
  if (now - Date.parse(evidence.at) > maxAgeMs) {
    return {
      state: "stale",
      code: "rehearsal-too-old",
      reason: `${change} was last rehearsed at ${evidence.at}`,
      hint,
    };
  }
  return { state: "warm" };
}

function sameButEvidence(a: Manifest, b: Manifest): boolean {
  return JSON.stringify({ ...a, evidence: null }) === JSON.stringify({ ...b, evidence: null });
}
