import type { Attribute } from "../../snapshot/snapshot.js";
import type { CatalogRow } from "./catalog-row.js";

const longestNameBytes = 63;

/**
 * Whether PostgreSQL may have made up the name of a NOT NULL constraint (`<table>_<column>_not_null` or `<domain>_not_null`,
 * cut and numbered where needed) for this table or column under one of its names. Before version 18 these constraints had no name, and a generated
 * one keeps the names of the time when it was made, so such a name says nothing about the schema.
 */
export function isGeneratedNotNullName(name: string, table: string, column: string): boolean {
  const match = /^(.*)_not_null\d*$/s.exec(name);
  if (match === null) return false;
  const stem = match[1] ?? "";
  return (
    stem === table ||
    stem.startsWith(`${table}_`) ||
    stem.endsWith(`_${column}`) ||
    Buffer.byteLength(name, "utf8") >= longestNameBytes - 3
  );
}

/**
 * What a row for a NOT NULL constraint (PostgreSQL 18) says beyond the column's `notNull: true`, or `true` where it says no
 * more than that.
 */
export function notNullOf(row: CatalogRow): Attribute {
  const name = String(row["name"]);
  const given = !isGeneratedNotNullName(name, String(row["relation"]), String(row["notNullColumn"]));
  const details: { [name: string]: Attribute } = {};
  if (given) details["name"] = name;
  for (const attribute of ["notValid", "noInherit"]) if (row[attribute] === true) details[attribute] = true;
  if (typeof row["comment"] === "string") details["comment"] = row["comment"];
  return Object.keys(details).length === 0 ? true : details;
}
