import type { Command } from "./alter-text.js";
import { contentOf } from "../../sql/node.js";
import type { Piece } from "./piece.js";

/**
 * In which of its passes PostgreSQL runs a subcommand, whatever the order in which they are written: what drops, then types, new columns, what is said of
 * columns, constraints with an index that is there, new indexes, other constraints, the rest (AT_PASS_* and ATPrepCmd in PostgreSQL's tablecmds.c, 14 to 18). What was
 * added without a look at the rows is validated after all of that.
 */
export const PASS = { drop: 0, type: 1, addColumn: 2, expression: 3, column: 4, usingIndex: 5, index: 6, constraint: 7, rest: 8, validation: 9 } as const; // prettier-ignore
export type Pass = (typeof PASS)[keyof typeof PASS];

/** Pieces that run in one of these passes. */
export interface Phase {
  readonly pass: Pass;
  readonly pieces: readonly Piece[];
}

export function passOf({ subtype, def }: Command): Pass {
  switch (subtype) {
    case "AT_DropColumn":
    case "AT_DropConstraint":
    case "AT_DropNotNull":
    case "AT_DropIdentity":
    case "AT_DropExpression":
    case "AT_DropOids":
      return PASS.drop;
    case "AT_ColumnDefault":
      return def === undefined ? PASS.drop : PASS.constraint;
    case "AT_AlterColumnType":
      return PASS.type;
    case "AT_AddColumn":
      return PASS.addColumn;
    case "AT_SetExpression":
      return PASS.expression;
    case "AT_SetNotNull":
    case "AT_SetIdentity":
      return PASS.column;
    case "AT_AddIdentity":
      return PASS.constraint;
    case "AT_AddConstraint":
      return constraintPass(contentOf(def, "Constraint"));
    default:
      return PASS.rest;
  }
}

function constraintPass(constraint: ReturnType<typeof contentOf<"Constraint">>): Pass {
  if (constraint?.contype === "CONSTR_NOTNULL") return PASS.column;
  const isKey = ["CONSTR_PRIMARY", "CONSTR_UNIQUE", "CONSTR_EXCLUSION"].includes(constraint?.contype ?? "");
  if (!isKey) return PASS.constraint;
  return constraint?.indexname === undefined ? PASS.index : PASS.usingIndex;
}
