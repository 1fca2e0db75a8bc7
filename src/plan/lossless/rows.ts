import type { Direction } from "../../journal/entry.js";
import { contentOf } from "../../sql/node.js";
import { quoteLiteral, quoteQualified } from "../../sql/quote.js";
import { rowWritingOf, type RowWriting } from "../../sql/row-writing.js";
import type { Compiled, Source } from "../compiled.js";
import { keyOf } from "../key-of.js";
import type { Classified } from "../sections.js";
import type { Step } from "../step.js";
import type { Keeper } from "./hide.js";

/** A statement that writes rows of which it is kept what they were. */
export interface KeptWriting {
  readonly compiled: Compiled;
  /** Its number in the half, from 1. */
  readonly place: number;
  readonly writing: RowWriting;
  /** Keys of the tables that it names. */
  readonly tables: readonly string[];
}

/**
 * The statements of a half that write rows which were there before it. What it writes into a table or a column that it has made itself goes and comes with that; and a
 * knex migration runs live on its way forward: nothing could stand in the place of its statements.
 */
export function writingsIn(
  { keep, form }: Source,
  statements: readonly Compiled[],
  direction: Direction,
): readonly KeptWriting[] {
  if (keep === "off" || (form === "knex" && direction === "up")) return [];
  const made = new Set<string>();
  const found: KeptWriting[] = [];
  for (const compiled of statements) {
    const tables = tablesWrittenBy(compiled);
    const writing = rowWritingOf(compiled.statement);
    const isOfOthers =
      tables.some((table) => !made.has(table)) && !(writing !== null && setsOnly(writing, compiled, made));
    if (writing !== null && isOfOthers) found.push({ compiled, place: found.length + 1, writing, tables });
    for (const object of compiled.effects.creates) made.add(keyOf(object).key);
  }
  return found;
}

/** Whether an UPDATE sets nothing but columns that were made just before. */
export function setsOnly({ command, sets }: RowWriting, { effects }: Compiled, made: ReadonlySet<string>): boolean {
  const relation = effects.locks.find(({ mode }) => mode === "ROW EXCLUSIVE")?.relation;
  if (command !== "UPDATE" || relation === undefined) return false;
  const column = (name: string): string =>
    keyOf({ kind: "column", schema: relation.schema, name, of: relation.name }).key;
  return sets.every((name) => made.has(column(name)));
}

/** Keys of the tables whose rows a statement writes. */
export function tablesWrittenBy({ effects }: Compiled): readonly string[] {
  if (effects.nature !== "data") return [];
  const modes = effects.command === "TRUNCATE" ? ["ACCESS EXCLUSIVE"] : ["ROW EXCLUSIVE"];
  return effects.locks
    .filter(({ mode }) => modes.includes(mode))
    .map(({ relation }) => keyOf({ kind: "table", ...relation }).key);
}

/** The statement, run by the ledger so that what it finds in its rows is kept. */
export function writing(step: Step, { compiled, place, writing: parts }: KeptWriting, keeper: Keeper): Step {
  const origin = step.origin ?? { text: step.sql, why: "what it finds in the rows that it writes is kept with it" };
  if (step.batch !== undefined) {
    return { ...step, batch: { ...step.batch, digest: keeper.digest, place, image: parts } };
  }
  const truncate = contentOf(compiled.statement.node, "TruncateStmt");
  const more = { cascade: compiled.effects.cascade, restarts: truncate?.restart_seqs === true };
  const json = JSON.stringify(truncate === undefined ? parts : { ...parts, ...more });
  return {
    ...step,
    sql: `SELECT belay.write(${values(keeper)}, ${place}, ${quoteLiteral(json)})`,
    purpose: "write",
    origin,
  };
}

/** A statement of a half by its number. */
type Placed = Pick<KeptWriting, "compiled" | "place">;

export function inside(step: Step): Classified {
  return { step, transaction: "inside" };
}

/** Steps of ours around the statements that write rows. */
export const aboutRows = {
  /** Marks those that are still as the other half left them. */
  compare: (one: Placed, keeper: Keeper): Step =>
    ours("compare", `SELECT belay.compare_rows(${values(keeper)}, ${one.place})`, one.compiled),
  /** Puts those back. */
  giveBack: (one: Placed, keeper: Keeper): Step =>
    ours("return", `SELECT belay.return_rows(${values(keeper)}, ${one.place})`, one.compiled),
  /** Tells of those that could not be put back. */
  end: (keeper: Keeper): Step => ours("return", `SELECT * FROM belay.end_rows(${values(keeper)})`, null),
  /** Looks at them in the shape that a later statement gave their table. */
  see: ({ id, direction }: Keeper): Step =>
    ours("see", `SELECT belay.see_rows(${quoteLiteral(id)}, ${quoteLiteral(direction)})`, null),
};

function values({ id, direction, digest }: Keeper): string {
  return [id, direction, digest].map(quoteLiteral).join(", ");
}

/** A step of ours that works on the rows of the tables which a statement locks. */
export function ours(purpose: "compare" | "return" | "see", sql: string, of: Compiled | null): Step {
  const locks = (of?.effects.locks ?? []).filter(({ mode }) => mode === "ROW EXCLUSIVE" || mode === "ACCESS EXCLUSIVE");
  return {
    sql,
    command: "SELECT",
    purpose,
    locks: locks.map(({ relation }) => ({ relation: quoteQualified(relation), mode: "ROW EXCLUSIVE" })),
    makes: [],
    mayMeet: [],
    removes: [],
    verification: { kind: "none" },
  };
}
