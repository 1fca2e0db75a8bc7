import { relationName } from "../../sql/effect/relation.js";
import { contentOf } from "../../sql/node.js";
import type { Statement } from "../../sql/statement.js";
import { PASS, passOf, type Phase } from "./alter-order.js";
import { cutAlterTable, type AlterText, type Part } from "./alter-text.js";
import { columnForm } from "./column-form.js";
import { tableConstraint } from "./constraint-words.js";
import { isKey, keyForm } from "./key-form.js";
import type { Names } from "./names.js";
import { notNullForm } from "./not-null-form.js";
import type { Piece } from "./piece.js";
import type { Place } from "./place.js";
import { inOrder, isSplittable, own, type Run } from "./split-alter-table.js";
import { isValidated, validatedForm } from "./validated-form.js";

export interface AlterOptions {
  readonly names: Names;
  /** A number for the pieces of the next subcommand. */
  readonly nextGroup: () => number;
  /** How a key is made: "early" where something that may be its forerunner is dropped before it in the same transaction. */
  readonly keys: (isDroppedHere: boolean) => "now" | "early" | "as-written";
  /** As for an index: see `IndexOptions`. */
  readonly isNameTaken: (name: string) => boolean;
  readonly mayPass: boolean;
}

/**
 * The online form of an ALTER TABLE: what scans or builds an index goes its own way, one scanning action a statement; the rest stays together where it runs together.
 * In the order in which PostgreSQL runs its passes. Null where it is best as it is.
 */
export function alterForm(statement: Statement, options: AlterOptions): readonly Piece[] | null {
  const cut = cutAlterTable(statement);
  const alter = contentOf(statement.node, "AlterTableStmt");
  if (cut === null || alter?.relation === undefined) return null;
  const place = { table: relationName(alter.relation), prefix: cut.prefix, tableWords: cut.table, only: alter.relation.inh !== true, names: options.names }; // prettier-ignore
  const isTolerant = alter.missing_ok === true;
  const runs: Run[] = [];
  const notNull: Part[] = [];
  for (const part of cut.parts) {
    const here = { ...place, group: options.nextGroup() };
    const phases = isSetNotNull(part) ? null : phasesOf(here, part, cut, isTolerant, options);
    if (isSetNotNull(part)) notNull.push(part);
    else if (phases === null) runs.push(own(part));
    else runs.push(...phases.map(({ pass, pieces }) => ({ kind: "form", pass, pieces }) as const));
  }
  if (notNull.length > 0) {
    const columns = notNull.map(({ text, command }) => ({ name: command.name ?? "", words: text }));
    runs.push({ kind: "form", pass: PASS.column, pieces: notNullForm({ ...place, group: options.nextGroup() }, columns) }); // prettier-ignore
  }
  const isChanged = runs.some(({ kind }) => kind === "form") || runs.filter(isApart).length > 0;
  if (!isChanged || (cut.parts.length > 1 && !isSplittable(cut))) return null;
  const pieces = inOrder(runs, cut, (part) => (isValidation(part) ? "apart" : "together"));
  return pieces.length === 1 && pieces[0]?.group === null ? null : pieces;
}

/** What of an ALTER TABLE runs otherwise than it is written; null for what runs as it is. */
function phasesOf(place: Place, part: Part, cut: AlterText, isTolerant: boolean, options: AlterOptions): readonly Phase[] | null {
  const { command } = part;
  const pass = passOf(command);
  if (command.subtype === "AT_AddColumn") return isTolerant ? null : columnForm(place, part);
  const constraint = command.subtype === "AT_AddConstraint" ? contentOf(command.def, "Constraint") : undefined;
  if (constraint === undefined) return null;
  const words = tableConstraint(part, constraint);
  if (isValidated(constraint)) return validatedForm(place, words, null);
  // There is no CREATE INDEX for a table that may be missing.
  if (!isKey(constraint) || isTolerant) return null;
  const how = options.keys(cut.parts.some(({ command: { subtype } }) => subtype === "AT_DropConstraint"));
  if (how === "as-written" || (how === "early" && cut.parts.some(changesColumns))) return null;
  const notNull = new Set(cut.parts.filter(isSetNotNull).map(({ command: { name } }) => name ?? ""));
  const isNameTaken = (name: string): boolean => options.isNameTaken(name) || cut.parts.some((each) => drops(each, name));
  const pieces = keyForm(place, words, { column: null, notNull, early: how === "early", isNameTaken, mayPass: options.mayPass }); // prettier-ignore
  return pieces === null ? null : [{ pass, pieces }];
} // prettier-ignore

function isSetNotNull({ command: { subtype } }: Part): boolean {
  return subtype === "AT_SetNotNull";
}

function drops({ command: { subtype, name } }: Part, constraint: string): boolean {
  return subtype === "AT_DropConstraint" && name === constraint;
}

function changesColumns({ command: { subtype } }: Part): boolean {
  return subtype === "AT_AddColumn" || subtype === "AT_DropColumn" || subtype === "AT_AlterColumnType";
}

function isValidation({ command: { subtype } }: Part): boolean {
  return subtype === "AT_ValidateConstraint";
}

function isApart(run: Run): boolean {
  return run.kind === "own" && isValidation(run.part);
}
