import { BelayError } from "../errors.js";
import { contentOf, kindOf } from "../sql/node.js";
import type { Statement } from "../sql/statement.js";
import { authored, stepsOf, type Section, type Step } from "./step.js";
import { tablesWrittenBy } from "./touches.js";

/** The way back as it is written, and where. */
interface WayBack {
  readonly files: { readonly down: string };
  readonly down: readonly Statement[];
}

/**
 * A batched statement that was cut off has changed a part of its table: what undoes it must be able to stop at the same row. The last statement of the way back
 * that writes a table undoes the first one of the way forward that did, and so on. One that undoes a batched one must be batched as well, and there must not be
 * one that has none to undo.
 * @throws BelayError `batch-unpaired` with `file:line:column`.
 */
export function pairBatches(forward: readonly Section[], backward: readonly Section[], wayBack: WayBack): void {
  const ups = stepsOf(forward);
  const downs = stepsOf(backward).toReversed();
  for (const table of new Set(ups.filter(({ batch }) => batch !== undefined).flatMap(tablesWrittenBy))) {
    const writing = ups.filter((step) => tablesWrittenBy(step).includes(table));
    const undoing = downs.filter((step) => tablesWrittenBy(step).includes(table));
    for (const [index, step] of undoing.entries()) refuseUnpaired(writing[index], step, wayBack);
  }
}

function refuseUnpaired(undone: Step | undefined, step: Step, { down, files }: WayBack): void {
  const statement = down.find(({ text }) => text === authored(step));
  const place = `${files.down}:${statement?.line ?? 1}:${statement?.column ?? 1}`;
  if (undone === undefined) {
    const message = `${place}: the way forward writes rows of that table less often, so nobody can tell what this undoes where a batch was cut off.`;
    throw new BelayError("usage", "batch-unpaired", message, {
      hint: "Make two changes of it, each with its own way back.",
    });
  }
  if (undone.batch === undefined || step.batch !== undefined) return;
  if (statement !== undefined && isSameAtAnyPart(statement)) return;
  throw new BelayError("usage", "batch-unpaired", `${place}: this undoes a statement that runs in batches.`, {
    hint: "Where that is cut off half-way, only the rows that it came to are put back: write `-- belay:batch` before an UPDATE or DELETE, ON CONFLICT into an INSERT.",
  });
}

/** Emptying a table, and putting rows in beside those that are there, comes to the same whatever part of the rows is there. */
function isSameAtAnyPart({ node }: Statement): boolean {
  if (contentOf(node, "InsertStmt")?.onConflictClause !== undefined) return true;
  return ["TruncateStmt", "MergeStmt"].includes(kindOf(node) ?? "");
}
