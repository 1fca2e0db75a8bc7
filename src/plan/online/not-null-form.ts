import { objectName } from "../../sql/chosen-name.js";
import { quoteIdentifier } from "../../sql/quote.js";
import type { Command, Constraint } from "./alter-text.js";
import type { Piece } from "./piece.js";
import { altersBy, type Place } from "./place.js";

const why =
  "As written it would scan the table while nobody can read or write it: a CHECK that is proved beside readers and writers spares it the scan.";

/** A column that is to be NOT NULL, with the words that say so: `ALTER COLUMN n SET NOT NULL`. */
export interface NotNullColumn {
  readonly name: string;
  readonly words: string;
}

/**
 * SET NOT NULL through a CHECK that is validated before: PostgreSQL then need not scan the table (manual, ALTER TABLE, SET NOT NULL; from 12 on). The CHECK goes
 * again at the end; it forbids a NULL from the start.
 */
export function notNullForm(
  { table, prefix, only, group }: Place,
  columns: readonly NotNullColumn[],
): readonly Piece[] {
  const helpers = columns.map(({ name }) => ({ name, helper: objectName(table.name, name, "belay_not_null") }));
  // Where a table alone is meant, its CHECK must be its alone too.
  const inherits = only ? " NO INHERIT" : "";
  const list = (words: (one: (typeof helpers)[number]) => string): string =>
    `${prefix} ${helpers.map(words).join(", ")}`;
  const command = (subtype: Command["subtype"], name: string): Command =>
    ({ subtype, name, behavior: "DROP_RESTRICT" }) as Command;
  return [
    {
      text: list(({ name, helper }) => `ADD CONSTRAINT ${quoteIdentifier(helper)} CHECK (${quoteIdentifier(name)} IS NOT NULL)${inherits} NOT VALID`),
      why,
      fits: altersBy(helpers.map(({ name, helper }) => checkFor(name, helper, only))),
      passing: true,
      group,
    },
    {
      text: list(({ helper }) => `VALIDATE CONSTRAINT ${quoteIdentifier(helper)}`),
      why,
      fits: altersBy(helpers.map(({ helper }) => command("AT_ValidateConstraint", helper))),
      group,
    },
    {
      text: `${prefix} ${columns.map(({ words }) => words).join(", ")}`,
      why,
      fits: altersBy(columns.map(({ name }) => command("AT_SetNotNull", name))),
      group,
    },
    {
      text: list(({ helper }) => `DROP CONSTRAINT ${quoteIdentifier(helper)}`),
      why,
      fits: altersBy(helpers.map(({ helper }) => command("AT_DropConstraint", helper))),
      group,
    },
  ]; // prettier-ignore
}

function checkFor(column: string, helper: string, only: boolean): Command {
  const arg = { ColumnRef: { fields: [{ String: { sval: column } }] } };
  const constraint: Constraint = {
    contype: "CONSTR_CHECK",
    conname: helper,
    is_enforced: true,
    skip_validation: true,
    ...(only && { is_no_inherit: true }),
    raw_expr: { NullTest: { arg, nulltesttype: "IS_NOT_NULL" } },
  };
  return { subtype: "AT_AddConstraint", def: { Constraint: constraint }, behavior: "DROP_RESTRICT" };
}
