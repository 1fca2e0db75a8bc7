import { artifactFile } from "../artifact/artifact.js";
import {
  freshnessOfFiles,
  freshnessOfProof,
  freshnessOfSealed,
  type Freshness,
  type Stored,
} from "../artifact/freshness.js";
import { isWhole } from "../artifact/recording.js";
import type { Change } from "../change/change.js";
import { findChange } from "../change/find.js";
import { BelayError } from "../errors.js";
import { heldAs, type TargetState } from "../journal/target-state.js";
import type { Built, Builds } from "../postgres/build-plan.js";
import { lossText, reversibilityOf } from "../plan/step.js";
import { few } from "../preflight/finding.js";
import type { Project } from "../system/project/project.js";
import { readStoredArtifact } from "../system/project/project.js";

export interface PreflightOptions {
  /** Changes whose loss or irreversibility the caller accepts. */
  readonly acceptLoss: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Everything that forbids a change to run anywhere: a proposal that blocks it, no way back, an artifact that is not what it should be, no fresh proof.
 * @throws BelayError `refused` with the next step.
 */
export async function refuseUnready(
  project: Project,
  pending: readonly Built[],
  options: PreflightOptions,
): Promise<void> {
  const accepted = new Set(options.acceptLoss.map((wanted) => findChange(project.changes, wanted).id));
  for (const built of pending) {
    refuseBlocked(built);
    refuseIrreversible(built, accepted);
    refusePartial(built, accepted);
    refuseLossy(built, accepted);
    refuseUnproven(await freshnessOf(project, built, options.now));
  }
}

/** The state of a change's artifact, as the policy sees it. */
export async function freshnessOf(project: Project, built: Built, now: number): Promise<Freshness> {
  const stored = await readStoredArtifact(project, built.artifact.manifest);
  return withProof(project, freshnessOfFiles(built.artifact, stored), stored, now);
}

/** The same of a change that is applied wherever it is to be, and need not be built any more: the targets hold what takes it back. */
export async function freshnessOfApplied(project: Project, change: Change, now: number): Promise<Freshness> {
  const file = artifactFile(change);
  const stored = await readStoredArtifact(project, { change: change.id, file });
  return withProof(project, freshnessOfSealed({ file, digest: change.digest }, stored), stored, now);
}

function withProof({ config }: Project, files: Freshness, stored: Stored, now: number): Freshness {
  const { required, maxAgeMs } = config.policy.rehearsal;
  return required ? freshnessOfProof(files, stored, now, maxAgeMs) : files;
}

/**
 * What forbids a change on one target: it is held there, or what was applied there is no longer what lies in the files.
 * @throws BelayError `change-held` or `change-edited`.
 */
export function refuseOnTarget(target: string, state: TargetState, pending: readonly Change[], all: Builds): void {
  for (const change of pending) {
    const held = heldAs(state, change.id, change.digest);
    if (held !== null) {
      const what = held.why === "failed" ? "failed" : "was taken back";
      throw new BelayError(
        "refused",
        "change-held",
        `${target}: ${change.id} ${what} there at ${held.at} by ${held.by}: ${held.detail}`,
        {
          hint: `Change it, or release it: belay retry ${change.name} --reason "<why>"`,
        },
      );
    }
  }
  for (const applied of state.applied) {
    const change = all.change(applied.id);
    if (change === null || change.digest === applied.digest) continue;
    const message = `${target}: ${change.files.join(" and ")} changed after it was applied: applied as ${applied.digest}, now ${change.digest}`;
    throw new BelayError("refused", "change-edited", message, {
      hint: "Put the file back, and write a new change for what is new.",
    });
  }
}

function refuseBlocked({ change }: Built): void {
  if (change.directives.blocked === null) return;
  throw new BelayError("refused", "proposal-blocked", `${change.id} may not run: ${change.directives.blocked}.`, {
    hint: "When the report no longer says block_execution: true, run `belay propose` on it again.",
  });
}

function refuseIrreversible({ change }: Built, accepted: ReadonlySet<string>): void {
  if (change.directives.irreversible === null || accepted.has(change.id)) return;
  throw new BelayError("refused", "irreversible", `${change.id} has no way back: ${change.directives.irreversible}.`, {
    hint: `Say it a second time to run it all the same: --accept-loss ${change.name}`,
  });
}

function refusePartial({ change, artifact: { manifest } }: Built, accepted: ReadonlySet<string>): void {
  if (isWhole(manifest) || accepted.has(change.id)) return;
  const left = few(manifest.dynamic?.dependent.map((sql) => sql.replaceAll(/\s+/g, " ")) ?? [], 3);
  const message = `${change.id} has no whole way back: what its down does by rows that it reads could not be sealed: ${left}.`;
  throw new BelayError("refused", "way-back-partial", message, {
    hint: `Write a down that only builds statements, or say that this may be lost: --accept-loss ${change.name}`,
  });
}

function refuseLossy({ change, plan }: Built, accepted: ReadonlySet<string>): void {
  if (reversibilityOf(plan.loss, change.directives.irreversible) !== "lossy" || accepted.has(change.id)) return;
  const message = `${change.id} cannot be taken back without a loss: ${few(plan.loss.map(lossText), 3)}`;
  throw new BelayError("refused", "loss-not-accepted", `${message}.`, {
    hint: `Let it keep what it takes away, or say that this may be lost: --accept-loss ${change.name}`,
  });
}

function refuseUnproven(freshness: Freshness): void {
  if (freshness.state === "warm") return;
  throw new BelayError("refused", freshness.code, `${freshness.reason}.`, { hint: freshness.hint });
}
