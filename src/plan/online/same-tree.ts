/** Where a node stands in its text says nothing of what it means. */
const places: ReadonlySet<string> = new Set(["location", "stmt_location", "stmt_len", "list_start", "list_end"]);

/** Whether two trees of the parser mean the same: equal but for their places. */
export function sameTree(left: unknown, right: unknown): boolean {
  if (typeof left !== "object" || left === null || typeof right !== "object" || right === null) return left === right;
  const [a, b] = [meaningOf(left), meaningOf(right)];
  return (
    Array.isArray(left) === Array.isArray(right) &&
    a.size === b.size &&
    [...a].every(([key, value]) => b.has(key) && sameTree(value, b.get(key)))
  );
}

function meaningOf(tree: object): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(tree).filter(([key, value]) => !places.has(key) && value !== undefined));
}
