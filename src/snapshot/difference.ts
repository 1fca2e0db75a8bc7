import {
  type Attribute,
  type CatalogObject,
  type Snapshot,
  canonicalJson,
  sameAttribute,
  withoutNulls,
} from "./snapshot.js";

/**
 * One object in which two snapshots differ. `changed` holds only the attributes that differ, on both sides; one that is
 * absent on a side is `null` there.
 */
export type Difference =
  | { readonly kind: "added"; readonly object: string; readonly actual: CatalogObject }
  | { readonly kind: "removed"; readonly object: string; readonly expected: CatalogObject }
  | {
      readonly kind: "changed";
      readonly object: string;
      readonly expected: CatalogObject;
      readonly actual: CatalogObject;
    };

/** Whether the columns differ only by those removed and those added at the end: their own differences say it already. */
function isImplied(expected: Attribute | undefined, actual: Attribute | undefined): boolean {
  if (!Array.isArray(expected) || !Array.isArray(actual)) return false;
  const [was, is] = [expected as readonly string[], actual as readonly string[]];
  const wasThere = new Set(was);
  const isThere = new Set(is);
  const implied = [...was.filter((name) => isThere.has(name)), ...is.filter((name) => !wasThere.has(name))];
  return sameAttribute(implied, is);
}

function changed(object: string, expected: CatalogObject, actual: CatalogObject): Difference | undefined {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(actual)])]
    .filter((name) => !sameAttribute(expected[name], actual[name]))
    .filter((name) => name !== "columns" || !isImplied(expected[name], actual[name]))
    .sort();
  if (names.length === 0) return undefined;
  const side = (of: CatalogObject): CatalogObject =>
    Object.fromEntries(names.map((name) => [name, of[name] ?? null] as const));
  return { kind: "changed", object, expected: side(expected), actual: side(actual) };
}

function differenceOf(object: string, expected?: CatalogObject, actual?: CatalogObject): Difference | undefined {
  if (expected === actual) return undefined;
  if (expected === undefined) return { kind: "added", object, actual: withoutNulls(actual ?? {}) };
  if (actual === undefined) return { kind: "removed", object, expected: withoutNulls(expected) };
  return changed(object, expected, actual);
}

/**
 * Every object in which the two differ, in the order of their keys. Empty exactly where the fingerprints are equal. That a
 * table's list of columns is longer or shorter is not said again where the columns themselves are listed as added or
 * removed; that their order is another one is.
 */
export function differences(expected: Snapshot, actual: Snapshot): readonly Difference[] {
  const keys = new Set([...Object.keys(expected.objects), ...Object.keys(actual.objects)]);
  return [...keys].sort().flatMap((key) => differenceOf(key, expected.objects[key], actual.objects[key]) ?? []);
}

function show(value: Attribute | undefined): string {
  if (value === undefined || value === null) return "not set";
  return typeof value === "string" ? value : canonicalJson(value);
}

/** One sentence for a person. */
export function describeDifference(difference: Difference): string {
  switch (difference.kind) {
    case "added":
      return `The ${difference.object} is there and was not expected.`;
    case "removed":
      return `The ${difference.object} was expected and is missing.`;
    case "changed": {
      const { expected, actual } = difference;
      const parts = Object.keys(expected).map(
        (name) => `${name} is ${show(actual[name])}, expected ${show(expected[name])}`,
      );
      return `The ${difference.object} differs: ${parts.join("; ")}.`;
    }
  }
}
