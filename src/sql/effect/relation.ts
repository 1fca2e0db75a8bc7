import type { RangeVar } from "libpg-query";
import { stringsOf, type Node } from "../node.js";
import type { QualifiedName } from "../name.js";
import type { LockMode, RelationLock } from "./lock-mode.js";
import type { ObjectKind, ObjectReference } from "./object-reference.js";

export function relationName(relation: RangeVar | undefined): QualifiedName {
  return { schema: relation?.schemaname ?? null, name: relation?.relname ?? "" };
}

/** A name in parts, as most commands write it: `schema.name`, or `database.schema.name`, whose database is always this one. */
export function nameFromParts(parts: readonly string[]): QualifiedName {
  return { schema: parts.at(-2) ?? null, name: parts.at(-1) ?? "" };
}

export function nameFromNodes(nodes: readonly Node[] | undefined): QualifiedName {
  return nameFromParts(stringsOf(nodes));
}

export function reference(kind: ObjectKind, name: QualifiedName): ObjectReference {
  return { kind, ...name };
}

/** An object that lives in no schema: a schema, a role, an extension, … */
export function globalReference(kind: ObjectKind, name: string | undefined): ObjectReference {
  return { kind, schema: null, name: name ?? "" };
}

/** An object that belongs to a table (or to a type) and is named within it. */
export function referenceOf(kind: ObjectKind, table: QualifiedName, name: string | undefined): ObjectReference {
  return { kind, schema: table.schema, name: name ?? "", of: table.name };
}

export function lock(relation: QualifiedName, mode: LockMode): RelationLock {
  return { relation, mode };
}
