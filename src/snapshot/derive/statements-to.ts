import { type Emission, defaultUnit, phases } from "../emit/emission.js";
import { emitObject } from "../emit/object.js";
import { rankOf } from "../emit/order.js";
import { parseReference, textsOf } from "../emit/sql-text.js";
import { objectKey } from "../object-key.js";
import { dropStatements } from "./drop.js";
import { dependentsIn, inOrder, partsIn } from "./graph.js";
import { type Intent, intend } from "./intent.js";
import { makeStatements, needsDefault } from "./make.js";
import { columnOfDefault, nameOf, relationOf, slotOf, wholeOf, wholesOf } from "./parts.js";
import type { Derived, Side } from "./side.js";

const dropping = (unit: string): string => `- ${unit}`;
const making = (unit: string): string => `+ ${unit}`;
const unitOf = (node: string): string => node.slice(2);

/** Whether dropping something else removes it too, so that it has no statement of its own. */
function goesAlong(unit: string, { drops }: Intent, { snapshot }: Side): boolean {
  const object = snapshot.objects[unit];
  if (wholesOf(unit, snapshot).some((whole) => drops.has(whole))) return !refersElsewhere(unit, drops, object);
  if (object?.["inherited"] === true) return true;
  const parent = object?.["partitionOf"];
  return parent !== undefined && drops.has(`index ${String(parent)}`);
}

/** A foreign key between two tables that both go is dropped first: they may refer to each other. */
function refersElsewhere(
  unit: string,
  drops: ReadonlySet<string>,
  object: Side["snapshot"]["objects"][string] | undefined,
): boolean {
  if (object?.["type"] !== "foreign key" || object["inherited"] === true) return false;
  const referred = / REFERENCES (.*?)\(/.exec(String(object["definition"]))?.[1] ?? "";
  return !unit.startsWith(`constraint ${referred}.`) && drops.has(`table ${referred}`);
}

/** What is dropped before anything else is done, so that it acts on none of the statements. */
const actsOnStatements = /^(?:event trigger|default privileges) /;

class Order {
  readonly #dependents: (unit: string) => readonly string[];
  readonly #partsBefore: (unit: string) => readonly string[];
  readonly #slots: ReadonlyMap<string, string>;

  constructor(
    readonly intent: Intent,
    readonly from: Side,
    readonly to: Side,
  ) {
    this.#dependents = dependentsIn(from.needs);
    this.#partsBefore = partsIn(from);
    this.#slots = new Map([...intent.drops].filter((unit) => columnOfDefault(unit) === undefined).map((unit) => [slotOf(unit, from.snapshot), unit])); // prettier-ignore
  }

  nodes(): readonly string[] {
    const { drops, makes, alters } = this.intent;
    const byRank = (units: Iterable<string>): string[] =>
      [...units].sort((one, other) => rankOf(one) - rankOf(other) || (one < other ? -1 : 1));
    const first = [...drops].filter((unit) => actsOnStatements.test(unit)).sort();
    const roots = [
      ...first.map(dropping),
      ...byRank(drops).toReversed().map(dropping),
      ...byRank(new Set([...makes, ...alters.keys()])).map(making),
    ];
    return inOrder([...new Set(roots)], (node) => (node.startsWith("-") ? this.#beforeDrop(unitOf(node)) : this.#beforeMake(unitOf(node)))); // prettier-ignore
  }

  /** What stands on it goes first, or lets go of it; a part that goes along goes with its whole. */
  #beforeDrop(unit: string): readonly string[] {
    const { drops } = this.intent;
    const whole = this.#carrier(unit);
    const own = [...this.#dependents(unit), ...this.#partsBefore(unit)];
    const inParts = this.#partsBefore(unit).flatMap((part) => [...this.#dependents(part), ...this.#partsBefore(part).flatMap(this.#dependents)]); // prettier-ignore
    return [...own, ...inParts].flatMap((dependent) => {
      if (!drops.has(dependent)) return this.#isTouched(dependent) ? [making(dependent)] : [];
      const carrier = this.#carrier(dependent);
      return carrier === unit || carrier === whole ? [] : [dropping(carrier)];
    });
  }

  /** The unit whose statement removes this one. */
  #carrier(unit: string): string {
    if (!goesAlong(unit, this.intent, this.from)) return unit;
    return wholesOf(unit, this.from.snapshot).findLast((whole) => this.intent.drops.has(whole)) ?? unit;
  }

  #beforeMake(unit: string): readonly string[] {
    const { drops } = this.intent;
    // A sequence is made before the column that it is for, and tied to it afterwards.
    const needed = (this.to.needs.get(unit) ?? []).filter((one) => !unit.startsWith("sequence ") || nameOf(one).kind === "schema"); // prettier-ignore
    const ofDefault = needsDefault(this.to.snapshot.objects[unit] ?? {})
      ? (this.to.needs.get(defaultUnit(unit)) ?? [])
      : [];
    const gone = [unit, ...this.#inTheWay(unit), ...this.#dependents(unit), ...this.#partsBefore(unit)];
    const made = [...needed, ...ofDefault, ...this.#around(unit)].filter((one) => one !== unit && this.#isTouched(one));
    return [...gone.filter((one) => drops.has(one)).map((one) => dropping(this.#carrier(one))), ...made.map(making)];
  }

  /** What has the name that is wanted, and what hangs on the relation of which this is a part. */
  #inTheWay(unit: string): readonly string[] {
    if (columnOfDefault(unit) !== undefined) return [];
    const { snapshot } = this.to;
    const slot = this.#slots.get(slotOf(unit, snapshot));
    const relation = relationOf(unit, snapshot);
    const parts = unit.startsWith("column ") && relation !== undefined ? this.#partsBefore(relation) : [];
    return [...(slot === undefined ? [] : [slot]), ...parts.filter((part) => !part.startsWith("column "))];
  }

  /** The whole of a part; for a part that is no column, the columns beside it; for an inherited one, its parent's. */
  #around(unit: string): readonly string[] {
    const { snapshot } = this.to;
    const whole = wholeOf(unit, snapshot);
    if (whole === undefined || unit.startsWith("sequence ")) return [];
    if (columnOfDefault(unit) !== undefined) return [whole];
    const object = snapshot.objects[whole];
    const columns = textsOf(object?.["columns"]);
    if (unit.startsWith("column ")) {
      const last = nameOf(unit).path[2] ?? "";
      return [
        whole,
        ...textsOf(object?.["inherits"]).map((parent) => objectKey("column", [...parseReference(parent), last])),
      ];
    }
    return [whole, ...columns.map((column) => objectKey("column", [...nameOf(whole).path, column]))];
  }

  #isTouched(unit: string): boolean {
    return this.intent.makes.has(unit) || this.intent.alters.has(unit);
  }
}

/** The emissions of everything that is made or altered. */
function emissionsOf({ makes, alters, drops }: Intent, to: Side): readonly Emission[] {
  const isMade = (key: string): boolean => makes.has(key);
  const made = [...makes].flatMap((unit) => {
    const column = columnOfDefault(unit);
    if (column === undefined) return makeStatements(unit, { snapshot: to.snapshot, isMade });
    return makes.has(column) ? [] : emitObject(to.snapshot, column).filter((emission) => emission.unit === unit);
  });
  // A default that is not made anew stays as it is.
  const isSettled = ({ unit }: Emission): boolean => columnOfDefault(unit) === undefined || makes.has(unit) || makes.has(columnOfDefault(unit) ?? ""); // prettier-ignore
  return [
    ...made.filter(isSettled),
    ...[...alters].filter(([unit]) => !drops.has(unit)).flatMap(([, emissions]) => emissions),
  ];
}

/** Partitions are attached before their indexes are tied together. */
function attachOrder(emissions: readonly Emission[]): readonly Emission[] {
  const isIndex = ({ sql }: Emission): boolean => sql.startsWith("ALTER INDEX ");
  return [...emissions.filter((one) => !isIndex(one)), ...emissions.filter(isIndex)];
}

function unmade({ makes }: Intent, emissions: readonly Emission[]): readonly string[] {
  const made = new Set(emissions.map(({ unit }) => unit));
  return [...makes]
    .filter(
      (unit) =>
        !made.has(unit) &&
        /^(?:language|operator class|operator family|subscription|transform|type|operator) /.test(unit),
    )
    .map((unit) => `The ${unit} cannot be made from its catalog entry alone.`);
}

/**
 * The statements that take a database from the catalog of one side to that of the other: drops, each after what stands on it; alterations attribute by
 * attribute; what is made, each after what it stands on; then what ties, owns, grants and describes. Where an attribute has no ALTER, the object is dropped and made
 * anew, with what stands on it. Pure; whoever runs them compares the outcome.
 */
export function statementsTo(from: Side, to: Side): Derived {
  const intent = intend(from, to);
  const emissions = emissionsOf(intent, to);
  const created = new Map<string, string[]>();
  for (const { unit, sql } of emissions.filter(({ phase }) => phase === "create"))
    created.set(unit, [...(created.get(unit) ?? []), sql]);
  const drop = (unit: string): readonly string[] =>
    goesAlong(unit, intent, from) ? [] : dropStatements(unit, from.snapshot);
  const inNodes = new Order(intent, from, to)
    .nodes()
    .flatMap((node) => (node.startsWith("-") ? drop(unitOf(node)) : (created.get(unitOf(node)) ?? [])));
  const later = phases.filter((phase) => phase !== "create").flatMap((phase) => {
    const own = emissions.filter((emission) => emission.phase === phase);
    return (phase === "attach" ? attachOrder(own) : own).map(({ sql }) => sql);
  }); // prettier-ignore
  return {
    statements: [...inNodes, ...later],
    losses: intent.losses,
    refusals: [...intent.refusals, ...unmade(intent, emissions)],
  };
}
