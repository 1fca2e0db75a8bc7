import type { Compiled } from "../compiled.js";
import type { Keeper } from "./hide.js";
import { aboutRows, inside } from "./rows.js";
import type { RowsPlaced } from "./rows-placed.js";

/** Both around the same statements, and at the end a word on what could not be put back. */
export function joinPlaced(one: RowsPlaced, other: RowsPlaced, keeper: Keeper): RowsPlaced {
  const [before, after] = [joined(one.before, other.before), joined(one.after, other.after)];
  const within = joined(one.within, other.within);
  const start = [...one.start, ...other.start];
  const end = [...one.end, ...other.end];
  const steps = [...start, ...end, ...[...before.values()].flat(), ...[...after.values()].flat()];
  const returns = within.size > 0 || steps.some(({ step }) => step.purpose === "return");
  return { start, before, after, within, end: returns ? [...end, inside(aboutRows.end(keeper))] : end };
}

function joined<Item>(
  one: ReadonlyMap<Compiled, readonly Item[]>,
  other: ReadonlyMap<Compiled, readonly Item[]>,
): ReadonlyMap<Compiled, readonly Item[]> {
  const keys = new Set([...one.keys(), ...other.keys()]);
  return new Map([...keys].map((key) => [key, [...(one.get(key) ?? []), ...(other.get(key) ?? [])]]));
}
