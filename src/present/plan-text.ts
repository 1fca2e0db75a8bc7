import { lossText, type Purpose } from "../plan/step.js";
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
  lines.push(...stepsText(paint.good("up  "), change.forward.filter(doesWork("up")), paint));
  if (change.irreversible === null)
    lines.push(...stepsText(paint.warn("down"), change.backward.filter(doesWork("down")), paint));
  else lines.push(`  ${paint.bad("no way back")}: ${change.irreversible}`);
  if (change.dynamic !== undefined) {
    const { leftOut } = change.dynamic;
    const how =
      leftOut.length === 0
        ? "it sent the same whatever the rows were"
        : `what it does by rows is left out (${leftOut.length})`;
    lines.push(`  ${paint.warn("recorded")}: the down decides by what it reads; on scratch copies ${how}`);
  }
  if (change.reversibility === "lossless")
    lines.push(
      `  ${paint.good("lossless")}: the way back loses nothing${change.form === "command" ? ", as far as its commands say" : ""}`,
    );
  for (const loss of change.loss) lines.push(`  ${paint.bad("lossy")}: ${lossText(loss)}`);
  return lines;
}

/** Steps that look, or that bring back what an earlier way back has kept, say nothing about what is about to happen. */
function doesWork(direction: "up" | "down"): (step: PlannedStep) => boolean {
  const silent: readonly (Purpose | undefined)[] =
    direction === "up" ? ["compare", "see", "finish", "restore", "return", "unhide"] : ["compare", "see", "finish"];
  return ({ purpose, batchKey }) => batchKey !== undefined || !silent.includes(purpose);
}

/** Before the steps that stand for a statement of the author's, that and why it is not run as it is. */
function stepsText(label: string, steps: readonly PlannedStep[], paint: Paint): readonly string[] {
  return steps.flatMap((step, index) => {
    const { origin } = step;
    const line = stepText(label, step, paint);
    if (origin === undefined) return [line];
    const before = steps[index - 1]?.origin;
    const said = before?.text === origin.text ? [] : [`  ${label} ${paint.dim("written")} ${shortStatement(origin.text, 100)}`];
    const why = before?.text === origin.text && before.why === origin.why ? [] : [`         ${paint.dim(origin.why)}`];
    return [...said, ...why, line.replace(label, `${label}  `)];
  });
} // prettier-ignore

function stepText(label: string, { statement, transaction, locks, batchKey, role }: PlannedStep, paint: Paint): string {
  const held = locks.map(({ relation, mode }) => `${mode} on ${relation}`).join(", ");
  const key = batchKey?.join(", ") ?? "the table's primary or unique key";
  const apart = { inside: "", outside: "outside a transaction", batched: `in batches by ${key}` }[transaction];
  const notes = [role === undefined ? "" : `as ${role}`, held, apart].filter((note) => note !== "").join("; ");
  return `  ${label} ${shortStatement(statement, 100)}${notes === "" ? "" : paint.dim(`  [${notes}]`)}`;
}
