import { type Attribute, type CatalogObject, type Snapshot, sameAttribute, snapshotOf } from "./snapshot.js";

type AttributeMap = { readonly [name: string]: Attribute };
type Sides<T> = { readonly before: T; readonly after: T; readonly current: T };

const isMap = (value: Attribute | undefined): value is AttributeMap =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A list whose items have a place each, such as the columns of a table: distinct texts. */
const isOrder = (value: Attribute | undefined): value is readonly string[] =>
  Array.isArray(value) &&
  value.every((item) => typeof item === "string") &&
  new Set<Attribute>(value).size === value.length;

/** Puts each of `missing` after the nearest of its predecessors in `order` that is there. */
function insertInOrder(list: readonly string[], order: readonly string[], missing: ReadonlySet<string>): string[] {
  const result = [...list];
  order.forEach((item, index) => {
    if (!missing.has(item)) return;
    const predecessor = order.slice(0, index).findLast((earlier) => result.includes(earlier));
    result.splice(predecessor === undefined ? 0 : result.indexOf(predecessor) + 1, 0, item);
  });
  return result;
}

/** The common items in the order that they have in `order`, at the places that they take up in `list`. */
function reorder(list: readonly string[], order: readonly string[]): readonly string[] {
  const here = new Set(list);
  const sorted = order.filter((item) => here.has(item));
  const movable = new Set(sorted);
  let next = 0;
  return list.map((item) => (movable.has(item) ? (sorted[next++] ?? item) : item));
}

/**
 * What the change added is taken out, what it removed comes back after its neighbour of before, and where it changed the
 * order of the rest, the order of before counts. What came later stays where it is.
 */
function undoOrder({ before, after, current }: Sides<readonly string[]>): readonly string[] {
  const [inBefore, inAfter] = [new Set(before), new Set(after)];
  const kept = current.filter((item) => inBefore.has(item) || !inAfter.has(item));
  const missing = new Set(before.filter((item) => !inAfter.has(item) && !kept.includes(item)));
  const restored = insertInOrder(kept, before, missing);
  const common = before.filter((item) => inAfter.has(item));
  const moved = !sameAttribute(
    common,
    after.filter((item) => inBefore.has(item)),
  );
  return moved ? reorder(restored, before) : restored;
}

function undoMap({ before, after, current }: Sides<AttributeMap>): AttributeMap {
  const names = new Set([...Object.keys(current), ...Object.keys(before)]);
  const result: { [name: string]: Attribute } = {};
  for (const name of names) {
    const value = undoAttribute({ before: before[name], after: after[name], current: current[name] });
    if (value !== undefined) result[name] = value;
  }
  return result;
}

function undoAttribute(sides: Sides<Attribute | undefined>): Attribute | undefined {
  const { before, after, current } = sides;
  if (sameAttribute(before, after)) return current;
  if (sameAttribute(current, after)) return before;
  if (isOrder(before) && isOrder(after) && isOrder(current)) return undoOrder({ before, after, current });
  if (isMap(current) && (isMap(before) || before === undefined) && (isMap(after) || after === undefined)) {
    const merged = undoMap({ before: before ?? {}, after: after ?? {}, current });
    return before === undefined && Object.keys(merged).length === 0 ? undefined : merged;
  }
  return before;
}

/**
 * What the catalog should be once the change that turned `before` into `after` is taken back from `current`, where other
 * changes may have come since. Every object and attribute that the change touched goes back to what it was, maps
 * (privileges, options) entry by entry and lists (columns) item by item; all else stays as it is in `current`. Where
 * `current` equals `after`, the result equals `before`.
 */
export function expectedAfterUndo(before: Snapshot, after: Snapshot, current: Snapshot): Snapshot {
  const keys = new Set([...Object.keys(before.objects), ...Object.keys(current.objects)]);
  const objects: { [key: string]: CatalogObject } = {};
  for (const key of [...keys].sort()) {
    const [was, became, is] = [before.objects[key], after.objects[key], current.objects[key]];
    const object = undoObject(was, became, is);
    if (object !== undefined) objects[key] = object;
  }
  return snapshotOf(objects);
}

function undoObject(
  before: CatalogObject | undefined,
  after: CatalogObject | undefined,
  current: CatalogObject | undefined,
): CatalogObject | undefined {
  if (before === after) return current;
  if (before === undefined) return undefined;
  if (after === undefined) return before;
  // A later change dropped it: taking this one back does not bring it to life again.
  if (current === undefined) return undefined;
  return undoMap({ before, after, current });
}
