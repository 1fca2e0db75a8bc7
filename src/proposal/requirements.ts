import { effectsOf, type ObjectKind, type ObjectReference } from "../sql/effects.js";
import type { Statement } from "../sql/statement.js";

/** Kinds that share one name space, or that a statement can name without saying which of them it means. */
const FAMILIES: readonly (readonly ObjectKind[])[] = [
  ["table", "view", "materialized view", "foreign table", "sequence", "index"],
  ["function", "procedure", "routine", "aggregate"],
  ["type", "domain"],
];

/** Finds, change by change, which earlier changes of the same report made what a later one needs. */
export class Requirements {
  readonly #makers = new Map<string, string>();

  /** The ids of the changes that this one needs, the earliest first; after that its own objects are known too. */
  take(id: string, statements: readonly Statement[]): readonly string[] {
    const effects = statements.map(effectsOf);
    const needed = effects.flatMap(({ needs, drops }) => [...needs, ...drops]).map(keyOf);
    const makers = needed.flatMap((key) => this.#makers.get(key) ?? []);
    for (const made of effects.flatMap(({ creates }) => creates)) this.#makers.set(keyOf(made), id);
    return [...new Set(makers)].toSorted();
  }
}

/** A name without a schema is taken to be in `public`, where the search path leads by default. */
function keyOf({ kind, schema, name, of }: ObjectReference): string {
  const family = FAMILIES.find((kinds) => kinds.includes(kind))?.[0] ?? kind;
  return JSON.stringify([family, schema ?? "public", of === undefined || family === "table" ? null : of, name]);
}
