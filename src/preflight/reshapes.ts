import type { Effects } from "../sql/effects.js";
import { contentOf, contentsOf, type NodeContent } from "../sql/node.js";
import type { Statement } from "../sql/statement.js";

type Command = NodeContent<"AlterTableCmd">;

/** Whether a statement may give the relations that it names another key, another name or another kin, as far as its text tells. */
export function reshapes({ node }: Statement, { command, nature }: Effects): boolean {
  if (nature !== "schema" || /^(COMMENT|GRANT|REVOKE|CREATE TRIGGER|CREATE POLICY)\b/.test(command)) return false;
  const index = contentOf(node, "IndexStmt");
  if (index !== undefined) return index.unique === true;
  const alter = contentOf(node, "AlterTableStmt");
  return alter === undefined || !contentsOf(alter.cmds, "AlterTableCmd").every(leavesKeys);
}

const harmless: ReadonlySet<string> = new Set([
  "AT_ColumnDefault", "AT_ValidateConstraint", "AT_SetStatistics", "AT_SetOptions", "AT_SetStorage", "AT_SetRelOptions",
]); // prettier-ignore

function leavesKeys({ subtype, def }: Command): boolean {
  if (subtype === "AT_AddConstraint") return !isKey(contentOf(def, "Constraint"));
  if (subtype === "AT_AddColumn")
    return !contentsOf(contentOf(def, "ColumnDef")?.constraints, "Constraint").some(isKey);
  return harmless.has(subtype ?? "");
}

/** A foreign key counts: it may write rows of its table where others go. */
function isKey(constraint: NodeContent<"Constraint"> | undefined): boolean {
  return (
    constraint?.contype !== "CONSTR_CHECK" &&
    constraint?.contype !== "CONSTR_DEFAULT" &&
    constraint?.contype !== "CONSTR_NULL"
  );
}
