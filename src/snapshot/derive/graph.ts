import type { Dependencies } from "../emit/order.js";
import { type Side } from "./side.js";
import { wholeOf } from "./parts.js";
import { defaultUnit } from "../emit/emission.js";

/** Every object, and every default of a column. */
export function unitsOf({ snapshot }: Side): readonly string[] {
  return Object.entries(snapshot.objects).flatMap(([key, object]) =>
    key.startsWith("column ") && object["default"] !== undefined ? [key, defaultUnit(key)] : [key],
  );
}

/** Who stands on whom, the other way round. */
export function dependentsIn(needs: Dependencies): (unit: string) => readonly string[] {
  const found = new Map<string, string[]>();
  for (const [dependent, needed] of needs)
    for (const one of needed) {
      const list = found.get(one);
      if (list === undefined) found.set(one, [dependent]);
      else list.push(dependent);
    }
  return (unit) => found.get(unit) ?? [];
}

/** What belongs to each whole: a table's columns and constraints, a column's default. */
export function partsIn(side: Side): (unit: string) => readonly string[] {
  const found = new Map<string, string[]>();
  for (const unit of unitsOf(side)) {
    const whole = wholeOf(unit, side.snapshot);
    if (whole === undefined) continue;
    const list = found.get(whole);
    if (list === undefined) found.set(whole, [unit]);
    else list.push(unit);
  }
  return (unit) => found.get(unit) ?? [];
}

/** Nodes so that each comes after what has to be before it; a circle is cut at the node that is reached first. */
export function inOrder(roots: readonly string[], before: (node: string) => readonly string[]): readonly string[] {
  const result: string[] = [];
  const seen = new Set<string>();
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    const path = [{ node: root, next: 0, waitsFor: before(root) }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const first = top.waitsFor[top.next++];
      if (first === undefined) {
        result.push(top.node);
        path.pop();
      } else if (!seen.has(first)) {
        seen.add(first);
        path.push({ node: first, next: 0, waitsFor: before(first) });
      }
    }
  }
  return result;
}
