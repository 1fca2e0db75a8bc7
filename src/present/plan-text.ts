import type { PlannedChange, PlannedStep, RolloutPlan } from "../plan/rollout-plan.js";
import { durationText, shortStatement } from "./duration-text.js";
import type { Paint } from "./paint.js";
import { findingText, targetsText } from "./preflight-text.js";

export function planText(plan: RolloutPlan, paint: Paint): readonly string[] {
  if (plan.changes.length === 0)
    return [
      "Every change is applied on every target: there is nothing to do.",
      ...plan.findings.flatMap((one) => findingText(one, paint)),
    ];
  const lines = [
    `${paint.strong("plan")} ${plan.digest.slice(0, 12)}  ${paint.dim("belay rollout --plan runs this one and no other")}`,
    "",
  ];
  for (const change of plan.changes) lines.push(...changeText(change, paint), "");
  lines.push(paint.strong("stages"));
  for (const { name, targets, gates, bakeMs, approval } of plan.stages) {
    const parts = [targets.join(", "), ...(approval ? [paint.warn("waits for an approval")] : [])];
    parts.push(gates.length === 0 ? "no gates" : `gates ${gates.join(", ")}`, `bakes ${durationText(bakeMs)}`);
    lines.push(`  ${name}: ${parts.join("; ")}`);
  }
  lines.push(paint.strong("targets"), ...targetsText(plan.targets, paint));
  if (plan.findings.length > 0) lines.push(paint.strong("seen beforehand"));
  for (const finding of plan.findings) lines.push(...findingText(finding, paint));
  return lines;
}

function changeText(change: PlannedChange, paint: Paint): readonly string[] {
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

function stepText(label: string, { statement, transaction, locks, batchKey }: PlannedStep, paint: Paint): string {
  const held = locks.map(({ relation, mode }) => `${mode} on ${relation}`).join(", ");
  const key = batchKey?.join(", ") ?? "the table's primary or unique key";
  const apart = { inside: "", outside: "outside a transaction", batched: `in batches by ${key}` }[transaction];
  const notes = [held, apart].filter((note) => note !== "").join("; ");
  return `  ${label} ${shortStatement(statement, 100)}${notes === "" ? "" : paint.dim(`  [${notes}]`)}`;
}
