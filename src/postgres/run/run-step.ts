import { authored, type Step } from "../../plan/step.js";
import type { Session } from "../session/session.js";
import type { RunContext } from "./run-context.js";

/** Runs a step, and says when it begins and ends. Gives its rows. */
export async function runStep(
  context: RunContext,
  session: Session,
  step: Step,
): Promise<readonly Record<string, unknown>[]> {
  const startedAt = Date.now();
  const rows = await timed(context, authored(step), () => session.query(step.sql));
  await context.observer?.stepEnded(session, authored(step), Date.now() - startedAt);
  return rows;
}

export async function timed<T>(context: RunContext, statement: string, work: () => Promise<T>): Promise<T> {
  const place = { target: context.target.name, change: context.change, direction: context.direction, statement };
  const startedAt = Date.now();
  context.report({ kind: "step-started", ...place });
  const result = await work();
  context.report({ kind: "step-done", ...place, durationMs: Date.now() - startedAt });
  return result;
}
