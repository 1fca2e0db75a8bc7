import type { Manifest } from "../artifact/manifest.js";
import { stepsOf, type Loss } from "../plan/step.js";
import { mostUnfit, unfitFor, type Violation } from "../postgres/ledger/kept.js";
import type { OpenTarget } from "../postgres/session/open-target.js";
import type { Retyping } from "../sql/retyping.js";

/** What has come since, and the types that a way back brings back cannot hold. */
export interface UnfitRows {
  /** They would be rounded or cut. */
  readonly loss: readonly Loss[];
  /** They would stop it. */
  readonly violations: readonly Violation[];
}

/** Tries the rows of a target on what the ways back of these changes, by id, make of the types of columns. */
export async function unfitIn({ operator }: OpenTarget, manifests: ReadonlyMap<string, Manifest>): Promise<UnfitRows> {
  const loss: Loss[] = [];
  const violations: Violation[] = [];
  for (const [change, { sections }] of manifests) {
    for (const { retyping } of stepsOf(sections)) {
      const found = retyping === undefined ? null : await unfitFor(operator, change, retyping);
      if (retyping === undefined || found === null) continue;
      const { cannot, altered } = found;
      if (cannot > 0)
        violations.push({ rows: cannot, what: `${orMore(cannot)}rows of ${valuesOf(retyping)} cannot be converted` });
      if (altered > 0)
        loss.push({
          object: columnsOf(retyping),
          what: `${altered} ${orMore(altered)}rows have values since that the type before cannot hold: they are rounded or cut`,
        });
    }
  }
  return { loss, violations };
}

function orMore(rows: number): string {
  return rows >= mostUnfit ? "or more " : "";
}

function valuesOf({ relation, columns }: Retyping): string {
  return `${relation} whose ${columns.join(", ")}`;
}

function columnsOf({ relation, columns }: Retyping): string {
  return `column ${columns.map((column) => `${relation}.${column}`).join(", ")}`;
}
