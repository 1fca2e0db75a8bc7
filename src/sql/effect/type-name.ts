import type { TypeName } from "libpg-query";
import { stringsOf } from "../node.js";
import { isBuiltInType } from "./built-in-type.js";
import type { ObjectReference } from "./object-reference.js";
import { nameFromParts, reference, referenceOf } from "./relation.js";

const CATALOG_SCHEMA = "pg_catalog";

/** The object behind a type's name, unless PostgreSQL brings it along: the type itself, or for `table.column%TYPE` the column. */
export function typeReferences(type: TypeName | undefined): readonly ObjectReference[] {
  const parts = stringsOf(type?.names);
  const name = nameFromParts(parts);
  if (type?.pct_type === true) {
    const table = nameFromParts(parts.slice(0, -1));
    return [reference("table", table), referenceOf("column", table, parts.at(-1))];
  }
  const builtIn = name.schema === CATALOG_SCHEMA || (name.schema === null && isBuiltInType(name.name));
  return builtIn || name.name === "" ? [] : [reference("type", name)];
}
