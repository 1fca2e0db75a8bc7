import type { Direction } from "../journal/entry.js";
import { effectsOf, type Effects, type LockMode, type ObjectReference } from "../sql/effects.js";
import { contentOf, contentsOf } from "../sql/node.js";
import { quoteQualified } from "../sql/quote.js";
import type { RowWriting } from "../sql/row-writing.js";
import type { Statement } from "../sql/statement.js";
import { reshapes } from "./reshapes.js";
import { rightFor, type Right } from "./right.js";
import { workOf, type Work } from "./work.js";

/** What one statement of a change asks of the database that it will run on. */
export interface Demand {
  readonly file: string;
  /** Of its first word, from 1, the column in characters; null where the text was recorded and stands in no file. */
  readonly place: { readonly line: number; readonly column: number } | null;
  readonly sql: string;
  readonly direction: Direction;
  readonly relations: readonly {
    readonly name: string;
    readonly schema: string | null;
    readonly table: string;
    readonly mode: LockMode;
    readonly right: Right | null;
  }[];
  readonly makes: readonly ObjectReference[];
  readonly drops: readonly ObjectReference[];
  readonly needs: readonly ObjectReference[];
  /** Nobody can tell from its text what it does: DO, CALL. */
  readonly dynamic: boolean;
  /** IF EXISTS: what it names may be missing. */
  readonly tolerant: boolean;
  readonly work: readonly Work[];
  /** Another form stands in the place of what the author wrote. */
  readonly rewritten: boolean;
  /** What it does to a table (its first relation) in a form that a partitioned one does not know. */
  readonly unpartitioned: "index" | "foreign key" | null;
  /** The table that it makes is partitioned. */
  readonly makesPartitioned: boolean;
  /** What it finds in the rows that it writes is kept; null where nothing is. */
  readonly keeps: RowsKept | null;
  /** It may change what tells the rows of its relations from each other, or which tables belong together. */
  readonly reshapes: boolean;
}

/** How a statement writes rows that are kept. */
export interface RowsKept extends Pick<RowWriting, "command" | "relations" | "only" | "sets"> {
  readonly cascade: boolean;
}

export interface DemandSource {
  readonly file: string;
  readonly direction: Direction;
  /** False where the statements were recorded, and their places mean nothing in the file. */
  readonly placed: boolean;
  /** How those write rows of which it is kept what they were. */
  readonly kept?: ReadonlyMap<Statement, RowWriting>;
}

/** What each statement asks for. Pure: the statements alone tell. */
export function demandsOf(statements: readonly Statement[], source: DemandSource): readonly Demand[] {
  return statements.map((statement) => demandOf(statement, effectsOf(statement), source));
}

function demandOf(statement: Statement, effects: Effects, source: DemandSource): Demand {
  const { file, direction, placed } = source;
  return {
    file,
    place: placed ? { line: statement.line, column: statement.column } : null,
    sql: statement.text,
    direction,
    relations: effects.locks.map((lock, index) => ({
      name: quoteQualified(lock.relation),
      schema: lock.relation.schema,
      table: lock.relation.name,
      mode: lock.mode,
      right: rightFor(effects, lock.mode, index),
    })),
    makes: effects.creates,
    drops: effects.drops,
    needs: effects.needs,
    dynamic: ["DO", "CALL", "EXECUTE"].includes(effects.command),
    tolerant: effects.ifExists,
    work: workOf(statement, effects),
    rewritten: statement.origin !== undefined,
    unpartitioned: unpartitionedForm(statement),
    makesPartitioned: contentOf(statement.node, "CreateStmt")?.partspec !== undefined,
    keeps: rowsKept(source.kept?.get(statement), effects),
    reshapes: reshapes(statement, effects),
  };
}

function rowsKept(writing: RowWriting | undefined, { cascade }: Effects): RowsKept | null {
  if (writing === undefined) return null;
  const { command, relations, only, sets } = writing;
  return { command, relations, only, sets, cascade };
}

/** An index cannot be built concurrently for a partitioned table, nor can it have a foreign key that is not valid yet (the latter up to PostgreSQL 17). */
function unpartitionedForm({ node }: Statement): Demand["unpartitioned"] {
  if (contentOf(node, "IndexStmt")?.concurrent === true) return "index";
  const commands = contentsOf(contentOf(node, "AlterTableStmt")?.cmds, "AlterTableCmd");
  const constraints = commands.flatMap(({ def }) => contentOf(def, "Constraint") ?? []);
  const isUnproved = constraints.some(
    ({ contype, skip_validation, is_enforced }) =>
      contype === "CONSTR_FOREIGN" && skip_validation === true && is_enforced === true,
  );
  return isUnproved ? "foreign key" : null;
}

/** What a command, or a migration that decides by what it reads, asks for: nobody can tell. */
export function demandOfUnknown(file: string): Demand {
  const nothing = { relations: [], makes: [], drops: [], needs: [], work: [], rewritten: false, unpartitioned: null, makesPartitioned: false, keeps: null, reshapes: false }; // prettier-ignore
  return { file, place: null, sql: "", direction: "up", dynamic: true, tolerant: false, ...nothing };
}
