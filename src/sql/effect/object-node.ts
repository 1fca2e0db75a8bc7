import type { ObjectType, RangeVar } from "libpg-query";
import { contentOf, contentsOf, stringsOf, type Node } from "../node.js";
import type { QualifiedName } from "../name.js";
import type { ObjectKind, ObjectReference } from "./object-reference.js";
import { isGlobalKind, objectKindOf } from "./object-type.js";
import { globalReference, nameFromParts, reference, referenceOf, relationName } from "./relation.js";

const KINDS_OF_A_TABLE: ReadonlySet<ObjectKind> = new Set<ObjectKind>([
  "column",
  "constraint",
  "policy",
  "rule",
  "trigger",
]);

/** Named as `access method, schema, name` in the tree. */
const KINDS_OF_AN_ACCESS_METHOD: ReadonlySet<ObjectKind> = new Set<ObjectKind>(["operator class", "operator family"]);

/** The object that DROP, COMMENT, GRANT and their like name; the tree has a form of its own for each kind. */
export function objectReference(type: ObjectType | undefined, node: Node | undefined): ObjectReference {
  const kind = objectKindOf(type);
  const list = contentOf(node, "List")?.items;
  if (list !== undefined) return referenceFromList(kind, type, list);
  const relation = contentOf(node, "RangeVar");
  if (relation !== undefined) return reference(kind, relationName(relation));
  return referenceFromParts(kind, partsOf(node));
}

/** The table that an object belongs to, for those that belong to one: not the domain of a constraint, nor the type of an attribute. */
export function tableOf(object: ObjectReference, type: ObjectType | undefined): QualifiedName | null {
  if (type === "OBJECT_DOMCONSTRAINT" || type === "OBJECT_ATTRIBUTE") return null;
  if (object.of === undefined || !KINDS_OF_A_TABLE.has(object.kind)) return null;
  return { schema: object.schema, name: object.of };
}

/** The object that an ALTER names: by a relation, by a list of words, or by a single one. */
export function alteredObject(
  type: ObjectType | undefined,
  named: { readonly relation?: RangeVar; readonly object?: Node; readonly subname?: string },
): ObjectReference {
  const kind = objectKindOf(type);
  if (named.relation !== undefined) {
    const table = relationName(named.relation);
    return named.subname === undefined ? reference(kind, table) : referenceOf(kind, table, named.subname);
  }
  if (named.subname === undefined) return objectReference(type, named.object);
  if (named.object === undefined) return globalReference(kind, named.subname);
  return referenceOf(kind, nameFromParts(partsOf(named.object)), named.subname);
}

function referenceFromList(kind: ObjectKind, type: ObjectType | undefined, list: readonly Node[]): ObjectReference {
  const [typeName, second] = contentsOf(list, "TypeName");
  if (typeName === undefined) return referenceFromParts(kind, stringsOf(list));
  const first = nameFromParts(stringsOf(typeName.names));
  const other = stringsOf(list).at(-1) ?? nameFromParts(stringsOf(second?.names)).name;
  if (type === "OBJECT_DOMCONSTRAINT") return referenceOf(kind, first, other);
  return globalReference(kind, kind === "cast" ? `${first.name} as ${other}` : `${first.name} for ${other}`);
}

function referenceFromParts(kind: ObjectKind, parts: readonly string[]): ObjectReference {
  if (isGlobalKind(kind)) return globalReference(kind, parts.at(-1));
  if (KINDS_OF_A_TABLE.has(kind)) return referenceOf(kind, nameFromParts(parts.slice(0, -1)), parts.at(-1));
  if (KINDS_OF_AN_ACCESS_METHOD.has(kind)) return reference(kind, nameFromParts(parts.slice(1)));
  return reference(kind, nameFromParts(parts));
}

function partsOf(node: Node | undefined): readonly string[] {
  const list = contentOf(node, "List")?.items;
  const names = contentOf(node, "TypeName")?.names ?? contentOf(node, "ObjectWithArgs")?.objname;
  return stringsOf(list ?? names ?? (node === undefined ? [] : [node]));
}
