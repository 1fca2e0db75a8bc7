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

/** The files alone: are they there, unedited, and what would be built today? */
export function freshnessOfFiles(built: Artifact, stored: Stored): Freshness {
  const file = `rollbacks/${built.manifest.file}`;
  const build = "Run `belay build`.";
  if (stored.manifest === null || stored.text === null) {
    return { state: "broken", code: "artifact-missing", reason: `${file} or its manifest is missing`, hint: build };
  }
  const actual = sha256(stored.text);
  if (actual !== stored.manifest.sha256) {
    const reason = `${file} was edited after it was sealed: sealed as ${stored.manifest.sha256}, now ${actual}`;
    return { state: "broken", code: "artifact-edited", reason, hint: `${build} It puts back what belongs there.` };
  }
  if (stored.manifest.digest !== built.manifest.digest) {
    const reason = `${file} takes back ${stored.manifest.digest}, but the change is now ${built.manifest.digest}`;
    return { state: "stale", code: "artifact-stale", reason, hint: build };
  }
  if (stored.manifest.sha256 !== built.manifest.sha256 || !sameButEvidence(stored.manifest, built.manifest)) {
    return { state: "stale", code: "artifact-stale", reason: `${file} is not what would be built today`, hint: build };
  }
  return { state: "warm" };
}

/** The files, and the proof that they work: not older than `maxAgeMs` at `now` (milliseconds since 1970). */
export function freshnessOfProof(built: Artifact, stored: Stored, now: number, maxAgeMs: number): Freshness {
  const files = freshnessOfFiles(built, stored);
  const evidence = stored.manifest?.evidence ?? null;
  const { change } = built.manifest;
  const hint = `Run \`belay rehearse ${change}\`.`;
  if (files.state !== "warm") return files;
  if (evidence === null)
    return { state: "stale", code: "not-rehearsed", reason: `${change} was never rehearsed`, hint };
  if (evidence.digest !== built.manifest.digest || evidence.artifact !== built.manifest.sha256) {
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
