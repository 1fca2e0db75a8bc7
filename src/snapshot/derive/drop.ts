import { identifier, qualified, roleName } from "../emit/sql-text.js";
import { target } from "../emit/shared.js";
import type { Snapshot } from "../snapshot.js";
import { columnOfDefault, nameOf, relationOf } from "./parts.js";
import { forgetDefaultPrivileges } from "./alter/default-privileges.js";

/** `ALTER TABLE "s"."t"`, or VIEW and so on, whatever the relation of the column, constraint … is. */
export function alterRelation(key: string, snapshot: Snapshot, only = ""): string {
  const relation = relationOf(key, snapshot);
  const kind = relation === undefined ? "table" : nameOf(relation).kind;
  const word = kind === "type" || kind === "domain" ? kind.toUpperCase() : "TABLE";
  return `ALTER ${word} ${kind === "table" ? only : ""}${qualified(nameOf(key).path.slice(0, 2))}`;
}

function dropDefault(column: string, snapshot: Snapshot): string {
  return `${alterRelation(column, snapshot, "ONLY ")} ALTER COLUMN ${identifier(nameOf(column).path[2] ?? "")} DROP DEFAULT`;
}

/** The statements that remove an object of the snapshot, or a column's default. */
export function dropStatements(unit: string, snapshot: Snapshot): readonly string[] {
  const column = columnOfDefault(unit);
  if (column !== undefined) return [dropDefault(column, snapshot)];
  const name = nameOf(unit);
  const { kind, path, signature } = name;
  const last = identifier(path[2] ?? "");
  switch (kind) {
    case "column":
      return [`${alterRelation(unit, snapshot)} DROP ${isAttribute(unit, snapshot) ? "ATTRIBUTE" : "COLUMN"} ${last}`];
    case "constraint":
      return [`${alterRelation(unit, snapshot)} DROP CONSTRAINT ${last}`];
    case "aggregate":
      return [`DROP ${target({ ...name, signature: signature === "()" ? "(*)" : signature })}`];
    case "transform":
      return [`DROP TRANSFORM ${signature.slice(1, -1)}`];
    case "cast":
      return [`DROP CAST ${signature}`];
    case "user mapping":
      return [`DROP USER MAPPING FOR ${roleName(path[0] ?? "")} SERVER ${identifier(path[1] ?? "")}`];
    case "default privileges":
      return forgetDefaultPrivileges(name, snapshot.objects[unit] ?? {});
    default:
      return [`DROP ${target(name)}`];
  }
}

function isAttribute(column: string, snapshot: Snapshot): boolean {
  return relationOf(column, snapshot)?.startsWith("type ") === true;
}
