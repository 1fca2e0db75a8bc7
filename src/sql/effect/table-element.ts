import type { ColumnDef, Constraint, IndexElem } from "libpg-query";
import { contentOf, contentsOf, stringsOf, type Node } from "../node.js";
import type { QualifiedName } from "../name.js";
import type { Effects } from "./effects.js";
import { columnsInExpression } from "./expression.js";
import type { ObjectReference } from "./object-reference.js";
import { readingOf } from "./reading.js";
import { lock, reference, referenceOf, relationName } from "./relation.js";
import { typeReferences } from "./type-name.js";

/** What a part of a statement adds to the effects of the whole. */
export type EffectsPart = Pick<Effects, "creates" | "drops" | "needs" | "locks">;

export const NO_EFFECTS: EffectsPart = { creates: [], drops: [], needs: [], locks: [] };

export function joinParts(parts: readonly EffectsPart[]): EffectsPart {
  return {
    creates: parts.flatMap((part) => part.creates),
    drops: parts.flatMap((part) => part.drops),
    needs: parts.flatMap((part) => part.needs),
    locks: parts.flatMap((part) => part.locks),
  };
}

/** A column as CREATE TABLE and ADD COLUMN define it, with the constraints that stand beside it. */
export function columnPart(table: QualifiedName, column: ColumnDef): EffectsPart {
  const constraints = contentsOf(column.constraints, "Constraint").map((each) => constraintPart(table, each));
  const own: EffectsPart = {
    creates: [referenceOf("column", table, column.colname)],
    drops: [],
    needs: typeReferences(column.typeName),
    locks: [],
  };
  return joinParts([own, ...constraints]);
}

/** A constraint of a table or of a column. A foreign key locks the table that it refers to as well (manual, CREATE TABLE). */
export function constraintPart(table: QualifiedName, constraint: Constraint): EffectsPart {
  const keys = [...stringsOf(constraint.keys), ...stringsOf(constraint.fk_attrs), ...stringsOf(constraint.including)];
  const excluded = contentsOf(constraint.exclusions, "List").flatMap((pair) => contentsOf(pair.items, "IndexElem"));
  const expressions = [constraint.raw_expr, constraint.where_clause];
  const columns = [...keys, ...excluded.flatMap(indexedColumns), ...columnsInExpression(expressions)];
  return joinParts([
    {
      creates: constraint.conname === undefined ? [] : [referenceOf("constraint", table, constraint.conname)],
      drops: [],
      needs: [...columns.map((column) => referenceOf("column", table, column)), ...indexUsed(table, constraint)],
      locks: [],
    },
    { ...NO_EFFECTS, ...readingOf(expressions) },
    referencedPart(constraint),
  ]);
}

/** The elements in the parentheses of CREATE TABLE. */
export function tableElementPart(table: QualifiedName, element: Node): EffectsPart {
  const column = contentOf(element, "ColumnDef");
  if (column !== undefined) return columnPart(table, column);
  const constraint = contentOf(element, "Constraint");
  if (constraint !== undefined) return constraintPart(table, constraint);
  const template = contentOf(element, "TableLikeClause");
  if (template === undefined) return NO_EFFECTS;
  const name = relationName(template.relation);
  return { ...NO_EFFECTS, needs: [reference("table", name)], locks: [lock(name, "ACCESS SHARE")] };
}

/** The columns of an element of an index: the column itself, or those in its expression. */
export function indexedColumns(element: IndexElem): readonly string[] {
  return element.name === undefined ? columnsInExpression(element.expr) : [element.name];
}

/** `ADD CONSTRAINT … USING INDEX` takes over an index that lives in the schema of its table. */
function indexUsed(table: QualifiedName, { indexname }: Constraint): readonly ObjectReference[] {
  return indexname === undefined ? [] : [reference("index", { schema: table.schema, name: indexname })];
}

function referencedPart({ pktable, pk_attrs }: Constraint): EffectsPart {
  if (pktable === undefined) return NO_EFFECTS;
  const parent = relationName(pktable);
  const columns = stringsOf(pk_attrs).map((column) => referenceOf("column", parent, column));
  return {
    ...NO_EFFECTS,
    needs: [reference("table", parent), ...columns],
    locks: [lock(parent, "SHARE ROW EXCLUSIVE")],
  };
}
