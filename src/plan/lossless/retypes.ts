import type { Direction } from "../../journal/entry.js";
import { quoteLiteral } from "../../sql/quote.js";
import { retypingOf, type Retyping } from "../../sql/retyping.js";
import type { Compiled, Source } from "../compiled.js";
import { keyOf } from "../key-of.js";
import type { Classified } from "../sections.js";
import type { Keeper } from "./hide.js";
import { aboutRows, inside, ours } from "./rows.js";
import type { RowsPlaced } from "./rows-placed.js";
import type { Step } from "../step.js";

/** A statement that gives columns another type: where it rewrites them, their values before are kept. */
export interface KeptRetyping {
  readonly compiled: Compiled;
  /** Its number in the half, beyond those of the statements that write rows. */
  readonly place: number;
  readonly retyping: Retyping;
}

const firstPlace = 1_001;

/** A column that the half has made itself has no values of anybody's. */
export function retypingsIn(
  { keep, form }: Source,
  statements: readonly Compiled[],
  direction: Direction,
): readonly KeptRetyping[] {
  if (keep === "off" || (form === "knex" && direction === "up")) return [];
  const made = new Set<string>();
  const found: KeptRetyping[] = [];
  for (const compiled of statements) {
    const retyping = retypingOf(compiled.statement);
    const [lock] = compiled.effects.locks;
    const table = lock === undefined ? "" : keyOf({ kind: "table", ...lock.relation }).key;
    if (retyping !== null && !made.has(table)) found.push({ compiled, place: firstPlace + found.length, retyping });
    for (const object of compiled.effects.creates) made.add(keyOf(object).key);
  }
  return found;
}

/** What is put around the statements of a half for its own retypings, and for those of the other half: the one that gives the same column a type again undoes it. */
export function placeRetypes(
  own: readonly KeptRetyping[],
  others: readonly KeptRetyping[],
  keeper: Keeper,
): RowsPlaced {
  const before = new Map<Compiled, Classified[]>();
  const after = new Map<Compiled, Classified[]>();
  const end: Classified[] = [];
  const note = (map: Map<Compiled, Classified[]>, { compiled }: KeptRetyping, item: Classified): void => {
    map.set(compiled, [...(map.get(compiled) ?? []), item]);
  };
  for (const one of own) {
    note(before, one, inside(keepValues(one, keeper)));
    note(after, one, inside(seeValues(one, keeper)));
  }
  for (const one of others.toReversed()) {
    const anchor = own.find(({ retyping }) => isSame(retyping, one.retyping));
    if (anchor === undefined) {
      end.push(inside(aboutRows.compare(one, keeper)), inside(aboutRows.giveBack(one, keeper)));
    } else {
      note(before, anchor, inside(aboutRows.compare(one, keeper)));
      note(after, anchor, inside(aboutRows.giveBack(one, keeper)));
    }
  }
  return { start: [], before, after, within: new Map(), end };
}

function isSame(one: Retyping, other: Retyping): boolean {
  return one.relation === other.relation && one.columns.some((column) => other.columns.includes(column));
}

function keepValues({ compiled, place, retyping }: KeptRetyping, { id, direction, digest }: Keeper): Step {
  const values = [id, direction, digest].map(quoteLiteral).join(", ");
  return ours(
    "see",
    `SELECT belay.keep_values(${values}, ${place}, ${quoteLiteral(JSON.stringify(retyping))})`,
    compiled,
  );
}

function seeValues({ compiled, place, retyping }: KeptRetyping, { id, direction }: Keeper): Step {
  const json = quoteLiteral(JSON.stringify(retyping));
  return ours(
    "see",
    `SELECT belay.see_values(${quoteLiteral(id)}, ${quoteLiteral(direction)}, ${place}, ${json})`,
    compiled,
  );
}
