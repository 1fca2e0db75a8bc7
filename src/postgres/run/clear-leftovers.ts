import type { ObjectKey, Step } from "../../plan/step.js";
import { wantedLocks } from "../../plan/wanted-locks.js";
import { quoteIdentifier, quoteQualified } from "../../sql/quote.js";
import type { Session } from "../session/session.js";
import { runStep } from "./run-step.js";
import { runTransaction, type RunContext } from "./run-transaction.js";

/**
 * Removes what a way forward that was cut off had made in passing: the CHECK that stands in for a scan, and an index that had not become a constraint's yet. Runs again over its own
 * effect: what is not there is passed over.
 */
export async function clearLeftovers(context: RunContext, leftovers: readonly ObjectKey[]): Promise<void> {
  const steps: Step[] = [];
  for (const leftover of leftovers) {
    if (await isThere(context.target.operator, leftover)) steps.push(stepFor(leftover));
  }
  const [first] = steps;
  if (first === undefined) return;
  const work = async (session: Session): Promise<void> => {
    for (const step of steps) await runStep(context, session, step);
  };
  await runTransaction(context, first.sql, work, wantedLocks(steps));
}

async function isThere(operator: Session, { kind, schema, name, of }: ObjectKey): Promise<boolean> {
  const [row] =
    kind === "constraint"
      ? await operator.query("SELECT FROM pg_constraint WHERE conrelid = to_regclass($1) AND conname = $2", [
          quoteQualified({ schema, name: of ?? "" }),
          name,
        ])
      : await operator.query(
          `SELECT FROM pg_index i WHERE i.indexrelid = to_regclass($1)
             AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x'))`,
          [quoteQualified({ schema, name })],
        );
  return row !== undefined;
}

function stepFor({ kind, schema, name, of }: ObjectKey): Step {
  const relation = quoteQualified({ schema, name: kind === "constraint" ? (of ?? "") : name });
  const [sql, command] =
    kind === "constraint"
      ? [`ALTER TABLE ${relation} DROP CONSTRAINT ${quoteIdentifier(name)}`, "ALTER TABLE DROP CONSTRAINT"]
      : [`DROP INDEX ${relation}`, "DROP INDEX"];
  return {
    sql,
    command,
    purpose: null,
    locks: [{ relation, mode: "ACCESS EXCLUSIVE" }],
    makes: [],
    mayMeet: [],
    removes: [],
    verification: { kind: "none" },
  };
}
