import { relationName } from "../../sql/effect/relation.js";
import type { Direction } from "../../journal/entry.js";
import { effectsOf } from "../../sql/effects.js";
import { contentOf } from "../../sql/node.js";
import type { QualifiedName } from "../../sql/name.js";
import type { Statement } from "../../sql/statement.js";
import { alterForm } from "./alter-form.js";
import { isAsWritten, isBatched } from "./directive.js";
import { Half } from "./half.js";
import { chosenName, indexForm, reindexForm } from "./index-form.js";
import { realise, type Piece } from "./piece.js";

export interface OnlineContext {
  /** The schema in which unqualified names are made. */
  readonly home: string;
  /** "off": each statement commits on its own. */
  readonly transaction: "on" | "off";
  readonly half: Direction;
}

export interface Rewritten {
  readonly statements: readonly Statement[];
  /** Statements that have an online form, which `-- belay:as-written` switches off. */
  readonly asWritten: readonly { readonly statement: Statement; readonly why: string }[];
}

/**
 * Puts the forms that keep nobody waiting in the place of plain DDL: what scans a table or builds an index does so beside readers and writers. Each statement that stands for
 * the author's says what that was, and why. The result is a pure function of the statements: nothing is known of a database.
 */
export async function rewriteOnline(statements: readonly Statement[], context: OnlineContext): Promise<Rewritten> {
  const half = new Half(context.home);
  const done: Statement[] = [];
  const asWritten: { statement: Statement; why: string }[] = [];
  // Where the present transaction begins: what must come before it is put there.
  let begin = 0;
  const push = (statement: Statement): void => {
    const effects = effectsOf(statement);
    const commits = effects.transaction !== "inside" || isBatched(statement);
    done.push(statement);
    half.note(statement, effects);
    noteUnnamed(statement, half);
    if (!commits && context.transaction === "on") return;
    half.commit();
    begin = done.length;
  };
  for (const statement of statements) {
    const pieces = formOf(statement, half, context);
    const made = pieces === null ? null : await realise(statement, pieces);
    const isKept = isAsWritten(statement);
    if (made === null || pieces === null || isKept) {
      if (isKept && made !== null) asWritten.push({ statement, why: pieces?.[0]?.why ?? "" });
      push(statement);
      continue;
    }
    const early = made.filter((_, index) => pieces[index]?.early === true);
    done.splice(begin, 0, ...early);
    begin += early.length;
    for (const one of made.filter((each) => !early.includes(each))) push(one);
  }
  return { statements: done, asWritten };
}

/** What is to stand in a statement's place; null where it is best as it is. */
function formOf(statement: Statement, half: Half, context: OnlineContext): readonly Piece[] | null {
  const { node } = statement;
  const index = contentOf(node, "IndexStmt");
  if (index !== undefined) {
    const table = relationName(index.relation);
    const how = half.isExempt(table) ? "as-written" : placing(half, table, isComputed(index));
    if (how === "as-written") return null;
    const isNameTaken = (name: string): boolean => half.dropsIndexNamed(table.schema, name);
    const options = { names: half.names, group: half.nextGroup(), early: how === "early", isNameTaken };
    return indexForm(statement, { ...options, mayPass: context.half === "up" });
  }
  const alter = contentOf(node, "AlterTableStmt");
  if (alter?.objtype === "OBJECT_TABLE") {
    const table = relationName(alter.relation);
    if (half.isExempt(table)) return null;
    const keys = (isDroppedHere: boolean): Placing => placing(half, table, false, isDroppedHere);
    const isNameTaken = (name: string): boolean => half.dropsConstraintNamed(table, name);
    const mayPass = context.half === "up";
    return alterForm(statement, { names: half.names, nextGroup: half.nextGroup, keys, isNameTaken, mayPass });
  }
  const reindexed = contentOf(node, "ReindexStmt")?.relation;
  return reindexed === undefined || half.isExempt(relationName(reindexed))
    ? null
    : reindexForm(statement, half.nextGroup());
}

/** An index that is made as it is written gets its name from PostgreSQL. */
function noteUnnamed({ node }: Statement, { names }: Half): void {
  const index = contentOf(node, "IndexStmt");
  const name = index?.idxname === undefined && index !== undefined ? chosenName(index, names) : null;
  if (name === null) return;
  const schema = index?.relation?.schemaname ?? null;
  names.note({ creates: [{ kind: "index", schema, name }], drops: [] });
}

type Placing = "now" | "early" | "as-written";

/** An index that may take the place of one that is dropped is there before that goes; where it cannot be, both stay in one transaction. */
function placing(half: Half, table: QualifiedName, computes: boolean, isDroppedHere = false): Placing {
  if (!isDroppedHere && !half.dropsIndexOf(table)) return "now";
  return half.canBuildBefore(table, computes) ? "early" : "as-written";
}

function isComputed(index: NonNullable<ReturnType<typeof contentOf<"IndexStmt">>>): boolean {
  const elements = [...(index.indexParams ?? []), ...(index.indexIncludingParams ?? [])];
  return index.whereClause !== undefined || elements.some((each) => contentOf(each, "IndexElem")?.expr !== undefined);
}
