import type { Base } from "../authoring/derive-base.js";
import type { DeriveResult } from "../authoring/derive.js";
import { deriveText } from "../present/derive-text.js";
import type { Conductor, Outcome, SharedFlags } from "./conduct.js";
import { exitCode } from "./exit-code.js";

export interface DeriveFlags extends SharedFlags {
  readonly changes: string[];
  readonly force: boolean;
}

/** `belay build --derive`. */
export async function deriveOutcome(flags: DeriveFlags, { screen, project, signal }: Conductor): Promise<Outcome> {
  const { derive } = await import("../authoring/derive.js");
  const { changes: names, force, target = null } = flags;
  const loaded = await project({ missingDown: "empty" });
  const { base, changes, refused } = await derive(loaded, { changes: names, force, target, report: screen.report, signal }); // prettier-ignore
  const view = { base: base === null ? null : baseText(base), changes, refused };
  const lines = deriveText(view, screen.paint);
  const data = dataOf({ base, changes, refused });
  if (refused !== null) {
    const { code, message, hint = "" } = refused.error;
    return { outcome: "refused", exitCode: exitCode.refused, data, lines, error: { code, message, hint } };
  }
  return { outcome: changes.length === 0 ? "nothing_to_derive" : "derived", exitCode: 0, data, lines };
}

function baseText(base: Base): string {
  return base.kind === "target"
    ? `a copy of ${base.target}`
    : `an empty database with all earlier changes: ${base.why}`;
}

function dataOf({ base, changes, refused }: DeriveResult): object {
  const shownBase =
    base === null ? null
    : base.kind === "target" ? { kind: "target", target: base.target }
    : { kind: "empty", why: base.why }; // prettier-ignore
  return {
    base: shownBase,
    changes,
    refused: refused === null ? null : { change: refused.change, statements: refused.statements },
  };
}
