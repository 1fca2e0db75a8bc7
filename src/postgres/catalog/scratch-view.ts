import { parseObjectKey } from "../../snapshot/object-key.js";
import { type CatalogObject, type Snapshot, snapshotOf } from "../../snapshot/snapshot.js";

/** What a scratch server can do, as far as a copy of a catalog depends on it. */
export interface ScratchAbilities {
  /** `name version` of each extension that it can install. */
  readonly extensionVersions: ReadonlySet<string>;
  /** Whether it is of another major version than the source, and so prints some expressions in other words. */
  readonly isOtherMajor: boolean;
}

/** Attributes that hold SQL which the server prints from its parse tree. */
const printed: ReadonlySet<string> = new Set([
  "aggregate",
  "check",
  "default",
  "definition",
  "expression",
  "partitionBound",
  "partitionKey",
  "using",
]);

function withoutAttributes(object: CatalogObject, left: (name: string) => boolean): CatalogObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !left(name)));
}

/**
 * The part of a snapshot that a scratch copy has to match. Left out: tablespaces and subscriptions, which belong to the
 * server and not to the schema; the version and comment of an extension that the scratch server has in another version.
 */
export function copyable(snapshot: Snapshot, abilities: ScratchAbilities): Snapshot {
  const objects: { [key: string]: CatalogObject } = {};
  for (const [key, object] of Object.entries(snapshot.objects)) {
    const { kind, path } = parseObjectKey(key);
    if (kind === "subscription") continue;
    const isKnown = abilities.extensionVersions.has(`${path[0] ?? ""} ${String(object["version"])}`);
    objects[key] = withoutAttributes(
      object,
      (name) =>
        name === "tablespace" ||
        (kind === "extension" && !isKnown && (name === "version" || name === "comment")) ||
        (kind === "table" && name === "detachPending"),
    );
  }
  return snapshotOf(objects);
}

/** What is compared: between two majors, not the wording in which a server prints expressions that both have. */
export function comparable(snapshot: Snapshot, source: Snapshot, abilities: ScratchAbilities): Snapshot {
  const objects: { [key: string]: CatalogObject } = {};
  for (const [key, object] of Object.entries(snapshot.objects)) {
    const original = source.objects[key];
    objects[key] = withoutAttributes(
      object,
      (name) =>
        (abilities.isOtherMajor && printed.has(name) && object[name] !== undefined) ||
        (original !== undefined &&
          key.startsWith("extension ") &&
          original["version"] === undefined &&
          (name === "version" || name === "comment")),
    );
  }
  return snapshotOf(objects);
}
