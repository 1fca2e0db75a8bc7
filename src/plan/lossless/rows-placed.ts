import type { Compiled, Source } from "../compiled.js";
import { keyOf } from "../key-of.js";
import type { Classified } from "../sections.js";
import { quoteIdentifier } from "../../sql/quote.js";
import type { Keeper } from "./hide.js";
import { aboutRows, inside, tablesWrittenBy, type KeptWriting } from "./rows.js";

/** What is put around the statements of a half, so that rows which the other half wrote come back. */
export interface RowsPlaced {
  readonly start: readonly Classified[];
  readonly before: ReadonlyMap<Compiled, readonly Classified[]>;
  readonly after: ReadonlyMap<Compiled, readonly Classified[]>;
  /** Numbers of the statements of the other half whose rows a batched statement puts back, range by range. */
  readonly within: ReadonlyMap<Compiled, readonly number[]>;
  readonly end: readonly Classified[];
}

/** Statements that change rows which were there before. */
const changes: readonly string[] = ["UPDATE", "UPSERT", "MERGE"];

export interface OtherRows {
  /** The other half, and what it writes. */
  readonly statements: readonly Compiled[];
  readonly writings: readonly KeptWriting[];
  /** What this half itself writes. */
  readonly own: readonly KeptWriting[];
}

/**
 * Where each statement of the other half is undone. The last statement of this half that writes its table undoes the first one there, and so on: so its rows are
 * compared before the author's statements change them, and go back right after the one that undoes it, which decides about all the others. Where none writes that table,
 * they go back at first, unless something was done to the table after they were written: that must be undone before.
 */
export function placeRows(
  source: Source,
  statements: readonly Compiled[],
  others: OtherRows,
  keeper: Keeper,
): RowsPlaced {
  const start: Classified[] = [];
  const end: Classified[] = [];
  const before = new Map<Compiled, Classified[]>();
  const after = new Map<Compiled, Classified[]>();
  const within = new Map<Compiled, number[]>();
  const note = <Item>(map: Map<Compiled, Item[]>, key: Compiled, ...items: readonly Item[]): void => {
    map.set(key, [...(map.get(key) ?? []), ...items]);
  };
  for (const one of others.writings.toReversed()) {
    const own = statements.filter((statement) => isOnSame(statement, one));
    const [first] = own;
    const anchor = anchorOf(own, one, others.writings);
    if (first === undefined || anchor === undefined) {
      const place = isTouchedAfter(one, others.statements) ? end : start;
      place.push(...alone(one, keeper));
    } else if (anchor.batch !== null && one.compiled.batch !== null) {
      note(within, anchor, one.place);
    } else {
      note(before, first, inside(aboutRows.compare(one, keeper)));
      note(after, anchor, inside(aboutRows.giveBack(one, keeper)));
    }
  }
  // What people made of rows that an earlier run of the statement had changed, and that stayed so on the way back, outlives the statement.
  for (const one of others.own.filter((each) => keeper.direction === "up" && changes.includes(each.writing.command))) {
    const theirs = { ...one, place: -one.place };
    if (one.compiled.batch !== null) note(within, one.compiled, theirs.place);
    else {
      note(before, one.compiled, inside(aboutRows.compare(theirs, keeper)));
      note(after, one.compiled, inside(aboutRows.giveBack(theirs, keeper)));
    }
  }
  const isWhole = source.transaction === "on" && statements.every(({ effects, batch }) => effects.transaction === "inside" && batch === null); // prettier-ignore
  if (isWhole && others.own.some((one) => isTouchedAfter(one, statements))) end.push(inside(aboutRows.see(keeper)));
  return { start, before, after, within, end };
}

/** Range by range where they were written so: nobody is to wait for all of them. */
function alone(one: KeptWriting, keeper: Keeper): readonly Classified[] {
  const { compiled, place } = one;
  const [column] = one.writing.sets;
  if (compiled.batch === null || column === undefined)
    return [inside(aboutRows.compare(one, keeper)), inside(aboutRows.giveBack(one, keeper))];
  const { relation, only, as } = compiled.batch;
  const name = quoteIdentifier(column);
  // It writes nothing by itself.
  const head = `UPDATE ${only ? "ONLY " : ""}${relation} AS ${as} SET ${name} = ${as}.${name} WHERE (false) AND`;
  const batch = { ...compiled.batch, head, digest: keeper.digest, returns: [place] };
  return [{ step: { ...aboutRows.giveBack(one, keeper), batch }, transaction: "batched" }];
}

function isOnSame(statement: Compiled, { tables }: KeptWriting): boolean {
  return tablesWrittenBy(statement).some((table) => tables.includes(table));
}

function anchorOf(own: readonly Compiled[], one: KeptWriting, writings: readonly KeptWriting[]): Compiled | undefined {
  const same = writings.filter(({ tables }) => tables.some((table) => one.tables.includes(table)));
  return own.toReversed()[Math.min(same.indexOf(one), own.length - 1)];
}

function isTouchedAfter({ compiled, tables }: KeptWriting, statements: readonly Compiled[]): boolean {
  return statements.slice(statements.indexOf(compiled) + 1).some((later) => reshapes(later, tables));
}

function reshapes({ effects }: Compiled, tables: readonly string[]): boolean {
  return (
    effects.nature === "schema" &&
    effects.locks.some(({ relation }) => tables.includes(keyOf({ kind: "table", ...relation }).key))
  );
}
