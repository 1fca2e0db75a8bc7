import type { ObjectKind } from "../object-key.js";
import { parseObjectKey } from "../object-key.js";
import { type Emission, type Phase, phases } from "./emission.js";

/** Where nothing depends on anything, kinds are made in this order: what others commonly stand on first. */
const kindOrder: readonly ObjectKind[] = [
  "schema",
  "extension",
  "language",
  "collation",
  "type",
  "domain",
  "foreign data wrapper",
  "server",
  "user mapping",
  "access method",
  "sequence",
  "table",
  "foreign table",
  "function",
  "procedure",
  "aggregate",
  "operator",
  "column",
  "constraint",
];

/** A small number for what others commonly stand on. */
export function rankOf(unit: string): number {
  const kind = parseObjectKey(unit.replace(/^default (?=column )/, "")).kind;
  // Foreign keys come after the keys that they refer to by dependency; indexes, views and the rest after all of these.
  const rank = kindOrder.indexOf(kind);
  return rank < 0 ? kindOrder.length : rank;
}

/** For each unit the units that must be there before it. */
export type Dependencies = ReadonlyMap<string, readonly string[]>;

/**
 * Units so that each comes after what it depends on. Where units depend on each other in a circle, the circle is cut at the
 * unit that comes first by kind and key.
 */
export function inDependencyOrder(units: readonly string[], dependencies: Dependencies): readonly string[] {
  const wanted = new Set(units);
  const result: string[] = [];
  const seen = new Set<string>();
  const byRank = units.map((unit) => [rankOf(unit), unit] as const);
  byRank.sort(([rank, unit], [otherRank, other]) => rank - otherRank || (unit < other ? -1 : 1));
  for (const [, root] of byRank) {
    const path: { readonly unit: string; next: number }[] = seen.has(root) ? [] : [{ unit: root, next: 0 }];
    seen.add(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const dependency = dependencies.get(top.unit)?.[top.next++];
      if (dependency === undefined) {
        result.push(top.unit);
        path.pop();
      } else if (wanted.has(dependency) && !seen.has(dependency)) {
        seen.add(dependency);
        path.push({ unit: dependency, next: 0 });
      }
    }
  }
  return result;
}

/** Statements by phase, and within the phase that creates by dependency; otherwise in the order in which they came. */
export function orderEmissions(emissions: readonly Emission[], dependencies: Dependencies): readonly Emission[] {
  const created = emissions.filter((emission) => emission.phase === "create");
  const statements = new Map<string, Emission[]>();
  for (const emission of created) statements.set(emission.unit, [...(statements.get(emission.unit) ?? []), emission]);
  const ordered = inDependencyOrder([...statements.keys()], dependencies).flatMap((unit) => statements.get(unit) ?? []);
  const rest = (phase: Phase): readonly Emission[] => emissions.filter((emission) => emission.phase === phase);
  return phases.flatMap((phase) => (phase === "create" ? ordered : rest(phase)));
}
