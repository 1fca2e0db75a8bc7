import { createHash } from "node:crypto";

/** What an attribute may hold: JSON, so that a snapshot can be stored, sent and compared as it stands. */
export type Attribute =
  string | number | boolean | null | readonly Attribute[] | { readonly [name: string]: Attribute };

/**
 * One object of the catalog: its attributes by name. An attribute that has PostgreSQL's default is left out, so that a
 * newer server with one more attribute still gives the same value for the same object.
 */
export type CatalogObject = { readonly [attribute: string]: Attribute };

/**
 * The canonical catalog of a database. Keys are `<kind> <name>`, such as `table public.tasks`, `column public.tasks.id`,
 * `function public.f(integer, text)`; see `object-key.ts` for how names are quoted.
 */
export interface Snapshot {
  readonly kind: "snapshot";
  readonly version: 1;
  readonly objects: { readonly [key: string]: CatalogObject };
}

/** A snapshot of the given objects. */
export function snapshotOf(objects: { readonly [key: string]: CatalogObject }): Snapshot {
  return { kind: "snapshot", version: 1, objects };
}

/** Keys in the order of their UTF-16 code units: the same on every machine and in every locale. */
export function sortedKeys(of: { readonly [key: string]: unknown }): readonly string[] {
  return Object.keys(of).sort();
}

/** JSON without white space, names of maps sorted by UTF-16 code units, lists in their own order. */
export function canonicalJson(value: Attribute): string {
  if (Array.isArray(value)) return `[${value.map((item: Attribute) => canonicalJson(item)).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const map = value as { readonly [name: string]: Attribute };
  return `{${sortedKeys(map)
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(map[name] ?? null)}`)
    .join(",")}}`;
}

/** An attribute that is `null` says the same as one that is not there. */
export function withoutNulls(object: CatalogObject): CatalogObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

/** Whether two attributes (absent, or null, being the same) hold the same value. */
export function sameAttribute(one: Attribute | undefined, other: Attribute | undefined): boolean {
  return one === other || canonicalJson(one ?? null) === canonicalJson(other ?? null);
}

/**
 * SHA-256, as 64 hexadecimal digits, over these bytes (UTF-8): the line `belay-snapshot-1`, then one line for each object, in
 * the order of the keys' UTF-16 code units: the key as a JSON string, a space, the object's attributes that are not null as
 * canonical JSON (see `canonicalJson`). Each line ends with a line feed.
 */
export function fingerprint(snapshot: Snapshot): string {
  const { objects } = snapshot;
  const lines = sortedKeys(objects).map((key) => lineOf(key, objects[key] ?? {}));
  return createHash("sha256")
    .update(fingerprintHead + lines.join(""), "utf8")
    .digest("hex");
}

export const fingerprintHead = "belay-snapshot-1\n";

/** The line of an object in what is hashed. */
export function lineOf(key: string, object: CatalogObject): string {
  return `${JSON.stringify(key)} ${attributesText(object)}\n`;
}

/** What an object says is put together once, however often it is asked for. */
const texts = new WeakMap<CatalogObject, string>();

function attributesText(object: CatalogObject): string {
  const known = texts.get(object);
  if (known !== undefined) return known;
  const text = canonicalJson(withoutNulls(object));
  texts.set(object, text);
  return text;
}

/** The keys under which the two hold another object, or only one of them holds one. */
export function changedKeys(
  one: ReadonlyMap<string, CatalogObject>,
  other: ReadonlyMap<string, CatalogObject>,
): ReadonlySet<string> {
  const textIn = (objects: ReadonlyMap<string, CatalogObject>, key: string): string | null => {
    const object = objects.get(key);
    return object === undefined ? null : attributesText(object);
  };
  return new Set([...one.keys(), ...other.keys()].filter((key) => textIn(one, key) !== textIn(other, key)));
}

/** What one snapshot has beyond another: objects by key; null for one that is gone. */
export type SnapshotDelta = { readonly [key: string]: CatalogObject | null };

/** The snapshot that differs from `base` by the deltas, one after the other. */
export function applyDeltas(base: Snapshot, deltas: readonly SnapshotDelta[]): Snapshot {
  const objects: { [key: string]: CatalogObject } = { ...base.objects };
  for (const delta of deltas) {
    for (const [key, object] of Object.entries(delta)) {
      if (object === null) delete objects[key];
      else objects[key] = object;
    }
  }
  return snapshotOf(objects);
}
