/**
 * The simple dotted form of a path into JSON: `status`, `data.items[0].count`, `$.data.items.0.count`. No filters, no wildcards:
 * a gate needs one value.
 */

/** The keys of a path, or undefined where it is not of the simple form. */
export function parseJsonPath(path: string): readonly string[] | undefined {
  if (!/^(?:\$\.?)?[^.[\]\s]*(?:\[\d+\]|\.[^.[\]\s]+)*$/u.test(path)) return undefined;
  const keys = path.replace(/^\$\.?/u, "").match(/[^.[\]]+/gu) ?? [];
  return keys.length === 0 ? undefined : keys;
}

export type Found = { readonly kind: "found"; readonly value: unknown } | { readonly kind: "missing" };

/** What stands at a path. Only a document's own keys count, so `__proto__` and `length` are not values. */
export function readJsonPath(document: unknown, path: string): Found {
  const keys = parseJsonPath(path);
  if (keys === undefined) return { kind: "missing" };
  let at: unknown = document;
  for (const key of keys) {
    if (!isContainer(at) || !Object.hasOwn(at, key) || (Array.isArray(at) && key === "length"))
      return { kind: "missing" };
    at = at[key];
  }
  return { kind: "found", value: at };
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
