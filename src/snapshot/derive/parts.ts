import { type ObjectKind, type ObjectName, objectKey, parseObjectKey } from "../object-key.js";
import { parseReference } from "../emit/sql-text.js";
import type { Snapshot } from "../snapshot.js";

const relationKinds = ["table", "foreign table", "view", "materialized view"] as const;
const ownerKinds: readonly ObjectKind[] = [...relationKinds, "type", "domain"];

const defaultPrefix = "default ";

/** The column's key, where the unit is a column's default. */
export function columnOfDefault(unit: string): string | undefined {
  return unit.startsWith(`${defaultPrefix}column `) ? unit.slice(defaultPrefix.length) : undefined;
}

const names = new Map<string, ObjectName>();

/** As `parseObjectKey`, remembered. */
export function nameOf(key: string): ObjectName {
  const known = names.get(key);
  if (known !== undefined) return known;
  const name = parseObjectKey(key);
  if (names.size > 100_000) names.clear();
  names.set(key, name);
  return name;
}

function ownerAt(path: readonly string[], snapshot: Snapshot): string | undefined {
  return ownerKinds.map((kind) => objectKey(kind, path)).find((key) => snapshot.objects[key] !== undefined);
}

/** What an object is a part of, and goes with: its table, view, type or domain; for a sequence the column that owns it. */
export function wholeOf(unit: string, snapshot: Snapshot): string | undefined {
  const column = columnOfDefault(unit);
  if (column !== undefined) return column;
  const { kind, path } = nameOf(unit);
  const object = snapshot.objects[unit];
  switch (kind) {
    case "column":
    case "constraint":
    case "trigger":
    case "rule":
    case "policy":
      return ownerAt(path.slice(0, 2), snapshot);
    case "index":
      return ownerAt(parseReference(object?.["table"]), snapshot);
    case "sequence":
      return object?.["ownedBy"] === undefined ? undefined : objectKey("column", parseReference(object["ownedBy"]));
    default:
      return undefined;
  }
}

/** The part's whole, the whole's whole, and so on. */
export function wholesOf(unit: string, snapshot: Snapshot): readonly string[] {
  const wholes: string[] = [];
  for (let one = wholeOf(unit, snapshot); one !== undefined && !wholes.includes(one); one = wholeOf(one, snapshot))
    wholes.push(one);
  return wholes;
}

/** The relation of which a column, constraint, trigger … is a part. */
export function relationOf(key: string, snapshot: Snapshot): string | undefined {
  return ownerAt(nameOf(key).path.slice(0, 2), snapshot);
}

const inRelationNames: ReadonlySet<ObjectKind> = new Set([
  ...relationKinds, "index", "sequence", "type", "domain",
]); // prettier-ignore
const routines: ReadonlySet<ObjectKind> = new Set(["function", "procedure", "aggregate"]);

/** Two objects with the same slot cannot be there at the same time: their kinds share their names. */
export function slotOf(key: string, snapshot: Snapshot): string {
  const { kind, path, signature } = nameOf(key);
  if (inRelationNames.has(kind)) return `relation ${JSON.stringify(path)}`;
  if (routines.has(kind)) return `routine ${JSON.stringify(path)}${signature}`;
  const standsOnIndex = ["primary key", "unique", "exclusion"].includes(String(snapshot.objects[key]?.["type"]));
  return kind === "constraint" && standsOnIndex ? `relation ${JSON.stringify([path[0], path[2]])}` : key;
}
