import { objectName } from "../../sql/chosen-name.js";
import { isRelationKind } from "../../sql/effect/object-type.js";
import type { ObjectReference } from "../../sql/effects.js";
import type { QualifiedName } from "../../sql/name.js";

/**
 * The names that PostgreSQL would choose for what the author leaves without one, as far as the statements tell: where one is taken by what the half made before, the next
 * one is taken, as PostgreSQL does (ChooseRelationName, ChooseConstraintName). Where it is taken by something else in the database, the server refuses it.
 */
export class Names {
  readonly #relations = new Set<string>();
  readonly #constraints = new Set<string>();

  constructor(private readonly home: string) {}

  /** Of a CHECK, a foreign key or a NOT NULL. */
  constraint(table: QualifiedName, columns: string | null, label: string): string {
    return this.#free(table, columns, label, (key) => this.#constraints.has(key));
  }

  /** Of an index without a constraint. */
  index(table: QualifiedName, columns: string): string {
    return this.#free(table, columns, "idx", (key) => this.#relations.has(key));
  }

  /** Of a constraint that is an index, and of that index. */
  key(table: QualifiedName, columns: string | null, label: "key" | "pkey"): string {
    return this.#free(table, columns, label, (key) => this.#relations.has(key) || this.#constraints.has(key));
  }

  /** Takes note of what a statement makes and drops. */
  note({
    creates,
    drops,
  }: {
    readonly creates: readonly ObjectReference[];
    readonly drops: readonly ObjectReference[];
  }): void {
    for (const object of drops) this.#setOf(object)?.delete(this.#keyOf(object, object.name));
    for (const object of creates) this.#setOf(object)?.add(this.#keyOf(object, object.name));
  }

  #setOf({ kind }: ObjectReference): Set<string> | null {
    if (kind === "constraint") return this.#constraints;
    return kind === "index" || kind === "sequence" || isRelationKind(kind) ? this.#relations : null;
  }

  #keyOf({ schema }: { readonly schema: string | null }, name: string): string {
    return JSON.stringify([schema ?? this.home, name]);
  }

  #free(table: QualifiedName, columns: string | null, label: string, isTaken: (key: string) => boolean): string {
    for (let number = 0; ; number += 1) {
      const name = objectName(table.name, columns, number === 0 ? label : `${label}${number}`);
      if (!isTaken(this.#keyOf(table, name))) return name;
    }
  }
}
