import type { Direction } from "../../journal/entry.js";
import type { Compiled, Source } from "../compiled.js";
import { keyOf } from "../key-of.js";
import type { Classified } from "../sections.js";
import { finishing, isHideable } from "./hide.js";
import { doneBy, doneByParts, returningIn, type OtherHalf } from "./returning.js";

/** A knex migration runs live on its way forward: nothing could stand in the place of its statements. */
function isHiding({ keep, form }: Source, direction: Direction): boolean {
  return keep === "on" && !(form === "knex" && direction === "up");
}

/** The statements of a half that only hide what they drop. */
export function hidingIn(
  source: Source,
  statements: readonly Compiled[],
  direction: Direction,
  madeTogether: ReadonlySet<string>,
): ReadonlySet<Compiled> {
  const made = new Set<string>();
  const hiding = new Set<Compiled>();
  const lastOther = statements.findLastIndex(
    ({ effects }) => !/^DROP |^ALTER TABLE DROP COLUMN$/.test(effects.command),
  );
  for (const [index, compiled] of statements.entries()) {
    const { statement, effects } = compiled;
    const within = { madeBefore: made, isAtEnd: index > lastOther, madeTogether };
    if (isHiding(source, direction) && isHideable(statement.node, effects, within)) hiding.add(compiled);
    for (const object of effects.creates) made.add(keyOf(object).key);
  }
  return hiding;
}

/** The keys of what statements make together with others. */
function madeTogetherIn(statements: readonly Compiled[]): ReadonlySet<string> {
  const together = statements.flatMap(({ effects: { creates } }) => (creates.length > 1 ? creates : []));
  return new Set(together.map((object) => keyOf(object).key));
}

/** What a half takes away, for the other one. */
export function otherHalf(
  source: Source,
  statements: readonly Compiled[],
  direction: Direction,
  own: readonly Compiled[],
): OtherHalf {
  const keys = (of: Iterable<Compiled>): ReadonlySet<string> =>
    new Set([...of].flatMap(({ effects }) => effects.drops).map((object) => keyOf(object).key));
  const other = direction === "up" ? "down" : "up";
  return {
    hides: isHiding(source, other) ? keys(hidingIn(source, statements, direction, madeTogetherIn(own))) : new Set(),
    drops: keys(statements),
    madeTogether: madeTogetherIn(statements),
  };
}

/**
 * What must have come back for each statement to have nothing left to do: what the other half is known to hide, or else what may be a part of that. What stands for
 * one part of a statement goes by the part.
 */
export function doneInGroups(
  statements: readonly Compiled[],
  other: OtherHalf,
): ReadonlyMap<Compiled, readonly string[]> {
  const known = inGroups(statements, ({ statement, effects }) => doneBy(statement.node, effects, other), "first");
  const parts = inGroups(statements, ({ statement, effects }) => doneByParts(statement.node, effects, other), "last");
  return new Map(
    statements.map((one) => {
      const keys = known.get(one) ?? [];
      return [one, keys.length > 0 || isDroppedForGood(one, other) ? keys : (parts.get(one) ?? [])];
    }),
  );
}

/** What it makes, the other half drops and does not hide. */
function isDroppedForGood({ effects }: Compiled, { hides, drops }: OtherHalf): boolean {
  return effects.creates.map((object) => keyOf(object).key).some((key) => drops.has(key) && !hides.has(key));
}

/** The keys of each statement; a member of a group that has none has those of the first or the last one that has. */
function inGroups(
  statements: readonly Compiled[],
  keysOf: (one: Compiled) => readonly string[],
  from: "first" | "last",
): ReadonlyMap<Compiled, readonly string[]> {
  const own = new Map(statements.map((one) => [one, keysOf(one)]));
  const groupOf = ({ statement }: Compiled): number | undefined => statement.part?.group;
  const shared = (one: Compiled): readonly string[] => {
    const members = statements.filter((each) => groupOf(each) === groupOf(one)).map((each) => own.get(each) ?? []);
    const filled = members.filter((keys) => keys.length > 0);
    return (from === "first" ? filled[0] : filled.at(-1)) ?? [];
  };
  return new Map(
    statements.map((one) => {
      const keys = own.get(one) ?? [];
      const isOwn = groupOf(one) === undefined || (from === "first" && keys.length > 0);
      return [one, isOwn ? keys : shared(one)];
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
