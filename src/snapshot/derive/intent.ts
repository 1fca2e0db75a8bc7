import { type Emission, defaultUnit } from "../emit/emission.js";
import { entriesOf } from "../emit/sql-text.js";
import type { ObjectKind } from "../object-key.js";
import { type CatalogObject, sameAttribute } from "../snapshot.js";
import { alterObject, changedAttributes } from "./alter/alter-object.js";
import type { Altered } from "./alter/alteration.js";
import { columnOfDefault, nameOf, relationOf } from "./parts.js";
import { dependentsIn, partsIn } from "./graph.js";
import { type DerivedLoss, type Side, isSameObject } from "./side.js";

/** What is to be done with each object and each default: dropped, made, both, or altered in place. */
export interface Intent {
  readonly drops: ReadonlySet<string>;
  readonly makes: ReadonlySet<string>;
  readonly alters: ReadonlyMap<string, readonly Emission[]>;
  readonly refusals: readonly string[];
  readonly losses: readonly DerivedLoss[];
}

/** What would be lost, or cannot be made again, if it were dropped to be made anew. */
const holdsData: ReadonlySet<ObjectKind> = new Set(["table", "column", "schema", "extension", "subscription"]);

/** What refers to a column in a way that keeps its type from being changed (PostgreSQL's tablecmds.c, ATPrepAlterColumnType and after). */
const pinsTypes: ReadonlySet<ObjectKind> = new Set([
  "view", "materialized view", "rule", "policy", "trigger", "function", "procedure", "publication", "column",
]); // prettier-ignore

class Intents implements Intent {
  readonly drops = new Set<string>();
  readonly makes = new Set<string>();
  readonly alters = new Map<string, readonly Emission[]>();
  readonly refusals: string[] = [];
  readonly losses: DerivedLoss[] = [];
  readonly #dependents: (unit: string) => readonly string[];
  readonly #parts: (unit: string) => readonly string[];
  readonly #todo: string[] = [];

  constructor(
    readonly from: Side,
    readonly to: Side,
  ) {
    this.#dependents = dependentsIn(from.needs);
    this.#parts = partsIn(from);
  }

  classify(): void {
    const { from, to } = this;
    for (const key of Object.keys(from.snapshot.objects)) if (to.snapshot.objects[key] === undefined) this.drop(key);
    for (const key of Object.keys(to.snapshot.objects)) if (from.snapshot.objects[key] === undefined) this.make(key);
    for (const [key, object] of Object.entries(to.snapshot.objects)) {
      const was = from.snapshot.objects[key];
      if (was !== undefined) this.#compare(key, was, object);
    }
  }

  #compare(key: string, was: CatalogObject, object: CatalogObject): void {
    if (this.#isAnother(key)) return this.replace(key);
    if (changedAttributes({ was, object }).length === 0) return;
    const { from, to } = this;
    const alteration = { key, name: nameOf(key), was, object, snapshot: to.snapshot, from, to };
    this.#take(key, alterObject(alteration));
    if (key.startsWith("column ")) this.#defaultOf(key, was, object);
  }

  /** A table or column that was dropped and made again under its name: its rows and values are another one's. */
  #isAnother(key: string): boolean {
    const { kind } = nameOf(key);
    if (kind !== "table" && kind !== "column") return false;
    if (kind === "column" && relationOf(key, this.to.snapshot)?.startsWith("table ") !== true) return false;
    return !isSameObject(key, this.from, this.to);
  }

  #take(key: string, altered: Altered): void {
    if (altered === "replace") this.replace(key);
    else if (!("kind" in altered)) this.alters.set(key, altered);
    else this.refusals.push(`The ${key} ${altered.why}.`);
  }

  /** A default is set anew where it differs, or where its column's type does. */
  #defaultOf(column: string, was: CatalogObject, object: CatalogObject): void {
    if (sameAttribute(was["default"], object["default"]) && was["type"] === object["type"]) return;
    if (was["default"] !== undefined) this.drop(defaultUnit(column));
    if (object["default"] !== undefined) this.make(defaultUnit(column));
  }

  drop(unit: string): void {
    if (this.drops.has(unit)) return;
    this.drops.add(unit);
    this.alters.delete(unit);
    this.#todo.push(unit);
  }

  make(unit: string): void {
    this.makes.add(unit);
  }

  replace(unit: string): void {
    this.drop(unit);
    if (this.isWanted(unit)) this.make(unit);
  }

  isWanted(unit: string): boolean {
    const column = columnOfDefault(unit);
    if (column !== undefined) return this.to.snapshot.objects[column]?.["default"] !== undefined;
    return this.to.snapshot.objects[unit] !== undefined;
  }

  /** What is dropped takes its parts along; what stands on something that is made anew, or keeps it from being altered, is made anew too. */
  close(): void {
    for (const key of this.alters.keys()) this.#unpin(key);
    for (let unit = this.#todo.pop(); unit !== undefined; unit = this.#todo.pop()) {
      for (const part of this.#parts(unit)) this.replace(part);
      if (!this.makes.has(unit)) continue;
      for (const dependent of this.#dependents(unit)) this.#follow(dependent, unit);
    }
  }

  #follow(dependent: string, needed: string): void {
    if (this.drops.has(dependent) || !this.isWanted(dependent)) return;
    if (this.to.needs.get(dependent)?.includes(needed) !== true) return;
    const isPart = this.#parts(needed).includes(dependent);
    if (!isPart && columnOfDefault(dependent) === undefined && holdsData.has(nameOf(dependent).kind))
      this.refusals.push(`The ${dependent} stands on the ${needed}, which can only be dropped and made anew.`);
    else this.replace(dependent);
  }

  /** A column's type changes only while no view, rule, policy … speaks of the column. */
  #unpin(key: string): void {
    const [was, is] = [this.from.snapshot.objects[key], this.to.snapshot.objects[key]];
    if (!key.startsWith("column ") || (was?.["type"] === is?.["type"] && sameAttribute(was?.["collation"], is?.["collation"]))) return; // prettier-ignore
    for (const dependent of this.#dependents(key)) {
      if (columnOfDefault(dependent) !== undefined || !pinsTypes.has(nameOf(dependent).kind)) continue;
      this.replace(dependent);
    }
    if (relationOf(key, this.to.snapshot)?.startsWith("table ") !== true) return;
    const what = `values that ${String(is?.["type"])} cannot hold keep the way back from running, or are cut`;
    this.losses.push({ object: key, what });
  }

  /** What is made has to be there in the snapshot as a whole. */
  refuseSecrets(): void {
    for (const unit of [...this.makes, ...this.alters.keys()]) {
      const object = this.to.snapshot.objects[unit];
      const options = [...entriesOf(object?.["options"]), ...entriesOf(object?.["serverOptions"])];
      const secret = options.find(([, value]) => value === "(not shown)");
      if (secret !== undefined)
        this.refusals.push(`The ${unit} has the option ${secret[0]}, a secret that no snapshot holds.`);
    }
  }
}

/** Decides what is to be done with each object, so that `from` becomes `to`. */
export function intend(from: Side, to: Side): Intent {
  const intents = new Intents(from, to);
  intents.classify();
  intents.close();
  intents.refuseSecrets();
  for (const unit of intents.makes)
    if (unit.startsWith("sequence ") && to.snapshot.objects[unit]?.["ownedBy"] === undefined)
      intents.losses.push({ object: unit, what: "where it stood: it begins anew" });
  return intents;
}
