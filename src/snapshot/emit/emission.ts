import type { ObjectName } from "../object-key.js";
import type { CatalogObject, Snapshot } from "../snapshot.js";

/**
 * When a statement runs. `create` makes an object and whatever cannot wait, in the order of dependency; `attach` ties objects
 * together (partitions, inheritance, owned sequences); `own`, `grant` and `describe` follow for all objects, and `last` is
 * for what would act on the statements before it (event triggers, default privileges).
 */
export const phases = ["create", "attach", "own", "grant", "describe", "last"] as const;
export type Phase = (typeof phases)[number];

export interface Emission {
  readonly phase: Phase;
  /** The object, or the default of a column, that it makes: see `defaultUnit`. */
  readonly unit: string;
  readonly sql: string;
}

/** An object, its name taken apart, and the snapshot in which its parts (such as its columns) are found. */
export interface EmitterInput {
  readonly key: string;
  readonly name: ObjectName;
  readonly object: CatalogObject;
  readonly snapshot: Snapshot;
}

/** Makes the statements that create an object with all its attributes. Pure. */
export type Emitter = (input: EmitterInput) => readonly Emission[];

/** A column's default is made on its own, because what it calls may need the table. */
export const defaultUnit = (columnKey: string): string => `default ${columnKey}`;

/** Emissions of one phase for the object. */
export function emit(phase: Phase, input: EmitterInput, ...statements: readonly string[]): readonly Emission[] {
  return statements.map((sql) => ({ phase, unit: input.key, sql }));
}
