import { authored, roleOf, type Step } from "../../plan/step.js";
import { quoteIdentifier } from "../../sql/quote.js";
import type { Session } from "../session/session.js";
import { remark } from "./remark.js";
import type { RunContext } from "./run-context.js";

/** Runs a step, and says when it begins and ends. Gives its rows. */
export async function runStep(
  context: RunContext,
  session: Session,
  step: Step,
): Promise<readonly Record<string, unknown>[]> {
  const startedAt = Date.now();
  const rows = await timed(context, authored(step), () => inRole(session, step));
  await context.observer?.stepEnded(session, authored(step), Date.now() - startedAt);
  return rows;
}

/** What the author has put under a role runs under it, and nothing of ours does (manual, SET ROLE). */
async function inRole(session: Session, step: Step): Promise<readonly Record<string, unknown>[]> {
  const role = roleOf(step);
  if (role === null) return session.query(readable(step));
  await session.query(`SET LOCAL ROLE ${quoteIdentifier(role)}`);
  const rows = await session.query(readable(step));
  await session.query("SET LOCAL role TO DEFAULT");
  return rows;
}

/** Whoever looks at pg_stat_activity is to see the author's statement, also where the ledger runs it. */
function readable(step: Step): string {
  return step.purpose === "write" ? `/* ${remark(authored(step))} */ ${step.sql}` : step.sql;
}

export async function timed<T>(context: RunContext, statement: string, work: () => Promise<T>): Promise<T> {
  const place = { target: context.target.name, change: context.change, direction: context.direction, statement };
  const startedAt = Date.now();
  context.report({ kind: "step-started", ...place });
  const result = await work();
  context.report({ kind: "step-done", ...place, durationMs: Date.now() - startedAt });
  return result;
}
