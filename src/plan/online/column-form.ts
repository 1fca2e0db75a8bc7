import { contentOf, stringsOf } from "../../sql/node.js";
import type { Constraint, Part } from "./alter-text.js";
import { columnWords, type ColumnWords, type ConstraintWords } from "./constraint-words.js";
import { isKey, keyForm } from "./key-form.js";
import { PASS, type Phase } from "./alter-order.js";
import type { Piece } from "./piece.js";
import { altersBy, type Place } from "./place.js";
import { isValidated, validatedForm } from "./validated-form.js";

/**
 * ADD COLUMN without what would scan the table or build an index under its lock, and that in its online form after it. A NOT NULL, which wants a default, stays; so
 * does a foreign key where all rows get no value: nothing is looked up for them. Null where there is nothing to take apart.
 */
export function columnForm(place: Place, part: Part): readonly Phase[] | null {
  const { command } = part;
  const node = contentOf(command.def, "ColumnDef");
  // Where the column is met, its constraints are passed over with it.
  if (node?.colname === undefined || command.missing_ok === true) return null;
  const words = columnWords(part, node);
  if (words === null) return null;
  const apart = words.items.filter(({ constraint }) => isApart(constraint.node, words));
  if (apart.length === 0) return null;
  const left = apart.flatMap(({ nodes }) => nodes);
  const constraints = node.constraints?.filter((one) => !left.some((each) => each === contentOf(one, "Constraint")));
  const { constraints: _, ...bare } = node;
  const def = { ColumnDef: { ...bare, ...(constraints?.length !== 0 && { constraints }) } };
  const added: Piece = {
    text: `${place.prefix} ${words.keeping((item) => !apart.includes(item))}`,
    why: "Its constraints come after it: together they would scan the table, or build an index, while nobody can read or write it.",
    fits: altersBy([{ ...command, def } as typeof command]),
    group: place.group,
  };
  const forms = apart.map(({ constraint }) => constraintForm(place, constraint, words));
  if (forms.includes(null)) return null;
  return [{ pass: PASS.addColumn, pieces: [added] }, ...forms.flatMap((phases) => phases ?? [])];
}

function constraintForm(place: Place, constraint: ConstraintWords, column: ColumnWords): readonly Phase[] | null {
  const name = column.node.colname ?? "";
  if (!isKey(constraint.node)) return validatedForm(place, constraint, name);
  const pieces = keyForm(place, constraint, {
    column: name,
    notNull: notNullOf(column),
    early: false,
    isNameTaken: () => false,
    mayPass: true,
  });
  return pieces === null ? null : [{ pass: PASS.index, pieces }];
}

function isApart(constraint: Constraint, column: ColumnWords): boolean {
  if (constraint.contype === "CONSTR_FOREIGN") return isValidated(constraint) && hasValue(column);
  return isKey(constraint) || (constraint.contype === "CONSTR_CHECK" && isValidated(constraint));
}

/** Whether the rows that are there get a value that may not be NULL. */
function hasValue({ node, items }: ColumnWords): boolean {
  const values: readonly Constraint["contype"][] = ["CONSTR_DEFAULT", "CONSTR_IDENTITY", "CONSTR_GENERATED"];
  return isSerial(node) || items.some(({ constraint }) => values.includes(constraint.node.contype));
}

function notNullOf({ node, items }: ColumnWords): ReadonlySet<string> {
  const said = items.some(({ constraint: { node: { contype } } }) => contype === "CONSTR_NOTNULL" || contype === "CONSTR_IDENTITY"); // prettier-ignore
  return new Set(said || isSerial(node) ? [node.colname ?? ""] : []);
}

function isSerial({ typeName }: ColumnWords["node"]): boolean {
  return /^(small|big)?serial[248]?$/.test(stringsOf(typeName?.names).at(-1) ?? "");
}
