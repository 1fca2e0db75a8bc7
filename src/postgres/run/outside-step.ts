import { BelayError } from "../../errors.js";
import type { Step } from "../../plan/step.js";
import { quoteQualified } from "../../sql/quote.js";
import type { QualifiedName } from "../../sql/name.js";
import { blockersOf } from "../lock/blockers.js";
import { relationExists } from "./met-objects.js";
import { cancellable, type RunContext } from "./run-transaction.js";
import type { Session } from "../session/session.js";

/** How often it is said who is waited for, in milliseconds. */
const lookEveryMs = 1_000;

/** What the catalog says of a statement that may have run. */
export type Standing = "done" | "not-done" | "leftover";

/**
 * Looks whether a statement outside a transaction took effect. A CREATE INDEX CONCURRENTLY that was cut off leaves an INVALID index, and so does a DROP
 * (manual, CREATE INDEX, "Building Indexes Concurrently").
 */
export async function standingOf(session: Session, step: Step): Promise<Standing> {
  const { verification } = step;
  switch (verification.kind) {
    case "none":
      return "not-done";
    case "index-gone":
      return (await relationExists(session, quoteQualified(verification.index))) ? "not-done" : "done";
    case "index-valid": {
      const [index] = await session.query<{ valid: boolean }>(
        "SELECT indisvalid AND indisready AS valid FROM pg_index WHERE indexrelid = to_regclass($1)",
        [quoteQualified(verification.index)],
      );
      if (index === undefined) return "not-done";
      return index.valid ? "done" : "leftover";
    }
  }
}

/**
 * Runs one statement that cannot stand in a transaction, and verifies it in the catalog. It waits for its locks without a timeout: these
 * forms make nobody queue, and a timeout would leave an INVALID index.
 * @throws BelayError `not-verified` where it ended well and the catalog disagrees.
 */
export async function runOutside(context: RunContext, step: Step): Promise<void> {
  const session = await context.target.worker();
  if (step.verification.kind === "index-valid" && (await standingOf(session, step)) === "leftover") {
    await dropLeftover(session, step.verification.index);
  }
  const startedAt = Date.now();
  const timer = setInterval(() => void tellBlockers(context, session, step, startedAt), lookEveryMs);
  try {
    await cancellable(context, session, () => session.query(step.sql));
  } catch (thrown) {
    if (
      session.alive() &&
      step.verification.kind === "index-valid" &&
      (await standingOf(session, step)) === "leftover"
    ) {
      await dropLeftover(session, step.verification.index);
    }
    throw thrown;
  } finally {
    clearInterval(timer);
  }
  if (step.verification.kind !== "none" && (await standingOf(session, step)) !== "done") {
    throw new BelayError(
      "refused",
      "not-verified",
      `"${step.sql}" ended without an error, but the catalog does not show its effect.`,
    );
  }
}

async function dropLeftover(session: Session, index: QualifiedName): Promise<void> {
  await session.query(`DROP INDEX CONCURRENTLY IF EXISTS ${quoteQualified(index)}`);
}

async function tellBlockers(context: RunContext, session: Session, step: Step, startedAt: number): Promise<void> {
  try {
    const blockers = await blockersOf(context.target.operator, session.pid);
    if (blockers.length === 0) return;
    const { target, change, report } = context;
    report({
      kind: "waiting",
      target: target.name,
      change,
      statement: step.sql,
      waitedMs: Date.now() - startedAt,
      blockers,
    });
  } catch (thrown) {
    context.report({
      kind: "warning",
      target: context.target.name,
      message: `cannot look at who blocks: ${String(thrown)}`,
    });
  }
}
