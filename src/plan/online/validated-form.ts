import { columnsInExpression } from "../../sql/effect/expression.js";
import { joinedColumns } from "../../sql/chosen-name.js";
import { stringsOf } from "../../sql/node.js";
import { quoteIdentifier } from "../../sql/quote.js";
import { PASS, type Phase } from "./alter-order.js";
import type { Constraint } from "./alter-text.js";
import type { ConstraintWords } from "./constraint-words.js";
import type { Piece } from "./piece.js";
import { adds, altersBy, type Place } from "./place.js";

const reasons: Partial<Record<NonNullable<Constraint["contype"]>, string>> = {
  CONSTR_CHECK: "As written it would scan the table while nobody can read or write it: it is added for new rows first, and then proved for the others beside readers and writers.",
  CONSTR_FOREIGN: "As written it would scan both tables while nobody can write to them: it is added for new rows first, and then proved for the others beside readers and writers.",
  CONSTR_NOTNULL: "As written it would scan the table while nobody can read or write it: it is added for new rows first, and then proved for the others beside readers and writers.",
}; // prettier-ignore

/** Whether adding it scans the table, and it has a form that does not. */
export function isValidated({ contype, skip_validation }: Constraint): boolean {
  return reasons[contype ?? "CONSTR_NULL"] !== undefined && skip_validation !== true;
}

/**
 * A CHECK, a foreign key or PostgreSQL 18's NOT NULL as NOT VALID, and its validation in a transaction of its own (manual, ALTER TABLE, Notes). A column's
 * foreign key is written as the table's. Null where it has no name and PostgreSQL's choice cannot be told.
 */
export function validatedForm(
  place: Place,
  { node, name, words }: ConstraintWords,
  column: string | null,
): readonly Phase[] | null {
  const { prefix, group, names, table } = place;
  const isColumns = column !== null && node.contype === "CONSTR_FOREIGN";
  const chosen = node.conname ?? chosenName(place, node, column);
  const why = reasons[node.contype ?? "CONSTR_NULL"];
  if (chosen === null || why === undefined) return null;
  names.note({ creates: [{ kind: "constraint", schema: table.schema, name: chosen }], drops: [] });
  const written = name ?? quoteIdentifier(chosen);
  const key = isColumns ? `FOREIGN KEY (${quoteIdentifier(column)}) ` : "";
  const { initially_valid: _, ...rest } = node;
  const expected: Constraint = {
    ...rest,
    conname: chosen,
    skip_validation: true,
    ...(isColumns && { fk_attrs: [{ String: { sval: column } }] }),
  };
  const added: Piece = {
    text: `${prefix} ADD CONSTRAINT ${written} ${key}${words} NOT VALID`,
    why,
    fits: adds(expected),
    group,
  };
  const validated: Piece = {
    text: `${prefix} VALIDATE CONSTRAINT ${written}`,
    why,
    fits: altersBy([{ subtype: "AT_ValidateConstraint", name: chosen, behavior: "DROP_RESTRICT" }]),
    group,
  };
  const pass = node.contype === "CONSTR_NOTNULL" ? PASS.column : PASS.constraint;
  return [
    { pass, pieces: [added] },
    { pass: PASS.validation, pieces: [validated] },
  ];
}

/** What PostgreSQL would call it (ChooseConstraintName): a CHECK after its column where it names only one. */
function chosenName({ names, table }: Place, node: Constraint, column: string | null): string | null {
  switch (node.contype) {
    case "CONSTR_CHECK": {
      if (namesWholeRow(node.raw_expr, table.name)) return null;
      const columns = columnsInExpression(node.raw_expr, new Set([table.name]));
      return names.constraint(table, columns.length === 1 ? (columns[0] ?? null) : null, "check");
    }
    case "CONSTR_FOREIGN":
      return names.constraint(table, joinedColumns(column === null ? stringsOf(node.fk_attrs) : [column]), "fkey");
    case "CONSTR_NOTNULL":
      return names.constraint(table, column ?? stringsOf(node.keys)[0] ?? null, "not_null");
    default:
      return null;
  }
}

/** A row as a whole, `t.*` or `t`, counts as a column without a name. */
function namesWholeRow(part: unknown, table: string): boolean {
  if (typeof part !== "object" || part === null) return false;
  const { ColumnRef } = part as { readonly ColumnRef?: { readonly fields?: Parameters<typeof stringsOf>[0] } };
  if (ColumnRef !== undefined) {
    const names = stringsOf(ColumnRef.fields);
    if (names.length !== (ColumnRef.fields ?? []).length || names.at(-1) === table) return true;
  }
  return Object.values(part).some((value) => namesWholeRow(value, table));
}
