import { durationText, shortStatement } from "./duration-text.js";
import type { Paint } from "./paint.js";

interface StepView {
  readonly statement: string;
  readonly transaction: "inside" | "outside";
  readonly locks: readonly { readonly relation: string; readonly mode: string }[];
}

/** A rollout that has not begun. */
export interface PlanView {
  readonly digest: string;
  readonly changes: readonly {
    readonly change: string;
    readonly title: string;
    readonly forward: readonly StepView[];
    readonly backward: readonly StepView[];
    readonly irreversible: string | null;
    readonly loss: readonly { readonly object: string; readonly what: string }[];
    readonly artifact: "warm" | "stale" | "broken";
    readonly expectedMs: { readonly up: number; readonly down: number } | null;
    readonly targets: readonly string[];
  }[];
  readonly stages: readonly {
    readonly name: string;
    readonly targets: readonly string[];
    readonly gates: readonly string[];
    readonly bakeMs: number;
    readonly approval: boolean;
  }[];
}

export function planText(plan: PlanView, paint: Paint): readonly string[] {
  if (plan.changes.length === 0) return ["Every change is applied on every target: there is nothing to do."];
  const lines = [`${paint.strong("plan")} ${paint.dim(plan.digest.slice(0, 12))}`, ""];
  for (const change of plan.changes) lines.push(...changeText(change, paint), "");
  lines.push(paint.strong("stages"));
  for (const { name, targets, gates, bakeMs, approval } of plan.stages) {
    const parts = [targets.join(", "), ...(approval ? [paint.warn("waits for an approval")] : [])];
    parts.push(gates.length === 0 ? "no gates" : `gates ${gates.join(", ")}`, `bakes ${durationText(bakeMs)}`);
    lines.push(`  ${name}: ${parts.join("; ")}`);
  }
  return lines;
}

function changeText(change: PlanView["changes"][number], paint: Paint): readonly string[] {
  const state = change.artifact === "warm" ? paint.good("warm") : paint.bad(change.artifact);
  const time =
    change.expectedMs === null
      ? "not rehearsed"
      : `up ${durationText(change.expectedMs.up)}, down ${durationText(change.expectedMs.down)}`;
  const lines = [
    `${paint.strong(change.title)}  ${change.change}`,
    `  on ${change.targets.join(", ")}; artifact ${state}; ${time}`,
  ];
  lines.push(...change.forward.map((step) => stepText(paint.good("up  "), step, paint)));
  if (change.irreversible === null)
    lines.push(...change.backward.map((step) => stepText(paint.warn("down"), step, paint)));
  else lines.push(`  ${paint.bad("no way back")}: ${change.irreversible}`);
  for (const { object, what } of change.loss) lines.push(`  ${paint.bad("lost on the way back")}: ${object}: ${what}`);
  return lines;
}

function stepText(label: string, { statement, transaction, locks }: StepView, paint: Paint): string {
  const held = locks.map(({ relation, mode }) => `${mode} on ${relation}`).join(", ");
  const apart = transaction === "outside" ? "outside a transaction" : "";
  const notes = [held, apart].filter((note) => note !== "").join("; ");
  return `  ${label} ${shortStatement(statement, 100)}${notes === "" ? "" : paint.dim(`  [${notes}]`)}`;
}
