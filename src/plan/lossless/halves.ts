import type { Direction } from "../../journal/entry.js";
import type { Compiled, Source } from "../compiled.js";
import { keyOf } from "../key-of.js";
import type { Classified } from "../sections.js";
import { finishing, isHideable } from "./hide.js";
import { doneBy, returningIn, type OtherHalf } from "./returning.js";

/** A knex migration runs live on its way forward: nothing could stand in the place of its statements. */
function isHiding({ keep, form }: Source, direction: Direction): boolean {
  return keep === "on" && !(form === "knex" && direction === "up");
}

/** The statements of a half that only hide what they drop. */
export function hidingIn(source: Source, statements: readonly Compiled[], direction: Direction): ReadonlySet<Compiled> {
  const made = new Set<string>();
  const hiding = new Set<Compiled>();
  const lastOther = statements.findLastIndex(
    ({ effects }) => !/^DROP |^ALTER TABLE DROP COLUMN$/.test(effects.command),
  );
  for (const [index, compiled] of statements.entries()) {
    const { statement, effects } = compiled;
    const within = { madeBefore: made, isAtEnd: index > lastOther };
    if (isHiding(source, direction) && isHideable(statement.node, effects, within)) hiding.add(compiled);
    for (const object of effects.creates) made.add(keyOf(object).key);
  }
  return hiding;
}

/** What a half takes away, for the other one. */
export function otherHalf(source: Source, statements: readonly Compiled[], direction: Direction): OtherHalf {
  const keys = (of: Iterable<Compiled>): ReadonlySet<string> =>
    new Set([...of].flatMap(({ effects }) => effects.drops).map((object) => keyOf(object).key));
  const other = direction === "up" ? "down" : "up";
  return {
    hides: isHiding(source, other) ? keys(hidingIn(source, statements, direction)) : new Set(),
    drops: keys(statements),
  };
}

/** What must have come back for each statement to have nothing left to do. What stands for one part of a statement goes by the part. */
export function doneInGroups(
  statements: readonly Compiled[],
  other: OtherHalf,
): ReadonlyMap<Compiled, readonly string[]> {
  const own = new Map(statements.map((one) => [one, doneBy(one.statement.node, one.effects, other)]));
  const groupOf = ({ statement }: Compiled): number | undefined => statement.part?.group;
  const shared = (one: Compiled): readonly string[] => {
    const members = statements.filter((each) => groupOf(each) === groupOf(one));
    return members.map((each) => own.get(each) ?? []).find((keys) => keys.length > 0) ?? [];
  };
  return new Map(
    statements.map((one) => {
      const keys = own.get(one) ?? [];
      return [one, keys.length > 0 || groupOf(one) === undefined ? keys : shared(one)];
    }),
  );
}

/** The way back scans after the emergency is over. The way forward brings back only where it was taken back before, and nobody waits for that. */
export function finishesFor(
  source: Source,
  statements: readonly Compiled[],
  direction: Direction,
  other: OtherHalf,
): readonly Classified[] {
  const back = statements.flatMap(({ effects }) => returningIn(effects, other));
  if (direction === "up" || !back.some((key) => /^(column|table) /.test(key))) return [];
  return [
    { step: finishing(source.id, "validate"), transaction: "own" },
    { step: finishing(source.id, "complete"), transaction: "inside" },
  ];
}
