import { type ObjectKind, keyPath, objectKey } from "../../snapshot/object-key.js";
import { privilegesOf } from "../../snapshot/privileges.js";
import type { Attribute, CatalogObject } from "../../snapshot/snapshot.js";
import type { CatalogQuery } from "./sql/fragments.js";

/** A row as `pg` gives it: texts, numbers, booleans, lists and JSON. */
export type CatalogRow = { readonly [column: string]: Attribute };

const notAttributes = new Set([
  "classId", "oid", "unit", "place", "kind", "signature", "acl", "aclDefault", "aclOwner",
]); // prettier-ignore

/** The key of the object that a row describes. */
export function keyOf(query: CatalogQuery, row: CatalogRow): string {
  const path = query.path.flatMap((column) => (typeof row[column] === "string" ? [row[column]] : []));
  const kind = (row["kind"] as ObjectKind | undefined) ?? query.kind;
  return objectKey(kind, path, typeof row["signature"] === "string" ? row["signature"] : "");
}

/** `name=value` texts as a map, so that their order does not matter; a value may hold further equals signs. */
function optionMap(options: readonly Attribute[]): Attribute {
  return Object.fromEntries(
    options.map((option) => {
      const [name = "", ...value] = String(option).split("=");
      return [name, value.join("=")] as const;
    }),
  );
}

/** The key-like text of a path, or of each path in a list of them. */
function reference(value: Attribute): Attribute {
  if (!Array.isArray(value)) return value;
  return value.some(Array.isArray)
    ? value.map((path) => keyPath(path as readonly string[]))
    : keyPath(value as readonly string[]);
}

function isDefault(value: Attribute | undefined): boolean {
  return value === undefined || value === null || value === false || (Array.isArray(value) && value.length === 0);
}

/** The attributes that a row gives: without its address and path, without what says "PostgreSQL's default". */
export function attributesOf(query: CatalogQuery, row: CatalogRow): CatalogObject {
  const object: { [name: string]: Attribute } = {};
  for (const [column, value] of Object.entries(row)) {
    if (isDefault(value) || notAttributes.has(column) || query.path.includes(column)) continue;
    if (column === "options" || column === "serverOptions") object[column] = optionMap(value as readonly Attribute[]);
    else if (column.startsWith("@")) object[column.slice(1)] = reference(value as Attribute);
    else object[column] = value as Attribute;
  }
  const acl = row["acl"] as readonly string[] | null | undefined;
  if (acl !== null && acl !== undefined) {
    const owner = String(row["aclOwner"] ?? row["owner"] ?? "");
    const privileges = privilegesOf(acl, (row["aclDefault"] ?? []) as readonly string[], owner);
    if (privileges !== null) object["privileges"] = privileges;
  }
  return object;
}
