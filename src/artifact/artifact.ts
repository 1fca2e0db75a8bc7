import type { Change } from "../change/change.js";
import { sha256 } from "../change/digest.js";
import { reversibilityOf, type Plan } from "../plan/step.js";
import { parseManifest, type Manifest } from "./manifest.js";
import { renderShell } from "./render-shell.js";
import { renderSql } from "./render-sql.js";
import type { Sealing } from "./sealing.js";

/** The pre-built way back: a file that runs alone, and its manifest. */
export interface Artifact {
  readonly kind: "artifact";
  readonly text: string;
  readonly manifest: Manifest;
}

/** Seals the way back of a change. Pure: the same input gives the same bytes. */
export function sealArtifact(change: Change, plan: Plan, sealing: Sealing): Artifact {
  const text = plan.form === "command" ? renderShell(change, plan.backward) : renderSql(change, plan, sealing);
  const manifest = {
    schemaVersion: 1,
    change: change.id,
    title: change.title,
    form: plan.form,
    digest: change.digest,
    requires: [...sealing.requires],
    searchPath: sealing.searchPath,
    irreversible: change.directives.irreversible,
    reversibility: reversibilityOf(plan.loss, change.directives.irreversible),
    loss: plan.loss.map((loss) => ({ ...loss })),
    sections: plan.form === "command" ? [] : plan.backward,
    ...(plan.form !== "command" && plan.leftovers !== undefined && { leftovers: [...plan.leftovers] }),
    ...(sealing.dynamic != null && { dynamic: sealing.dynamic }),
    command: plan.form === "command" ? [...plan.backward] : null,
    file: artifactFile(change),
    sha256: sha256(text),
    evidence: null,
  };
  // Read as it will be read from its file: with its parts in the schema's order.
  return { kind: "artifact", text, manifest: parseManifest(manifest, artifactFile(change)) };
}

/** The name of its file in `rollbacks/`. */
export function artifactFile(change: Change): string {
  return `${change.id}.${change.form === "command" ? "sh" : "sql"}`;
}
