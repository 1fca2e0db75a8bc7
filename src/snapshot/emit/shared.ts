import type { ObjectName } from "../object-key.js";
import type { Attribute } from "../snapshot.js";
import { type Emission, type EmitterInput, emit } from "./emission.js";
import { entriesOf, identifier, literal, qualified, roleName } from "./sql-text.js";

/** How ALTER and COMMENT ON name an object: `TABLE "public"."tasks"`, `TRIGGER "t" ON "public"."tasks"`. */
export function target(name: ObjectName, isOfDomain = false): string {
  const { kind, path, signature } = name;
  switch (kind) {
    case "constraint":
    case "trigger":
    case "rule":
    case "policy": {
      const on = isOfDomain ? "DOMAIN " : "";
      return `${kind.toUpperCase()} ${identifier(path[2] ?? "")} ON ${on}${qualified(path.slice(0, 2))}`;
    }
    case "operator":
      return `OPERATOR ${identifier(path[0] ?? "")}.${path[1] ?? ""}${signature}`;
    case "operator class":
    case "operator family":
      return `${kind.toUpperCase()} ${qualified(path.slice(0, 2))} USING ${identifier(path[2] ?? "")}`;
    default:
      return `${kind.toUpperCase()} ${qualified(path)}${signature}`;
  }
}

export function ownership(input: EmitterInput): readonly Emission[] {
  const { owner } = input.object;
  if (typeof owner !== "string") return [];
  return emit("own", input, `ALTER ${target(input.name)} OWNER TO ${roleName(owner)}`);
}

export function commentOn(input: EmitterInput, on: string, comment: Attribute | undefined): readonly Emission[] {
  return typeof comment === "string" ? emit("describe", input, `COMMENT ON ${on} IS ${literal(comment)}`) : [];
}

function grant(privilege: string, grantee: string, kind: Attribute, on: string, columns: string): string {
  const what = `${privilege}${columns} ON ${on}`;
  if (kind === "revoked") return `REVOKE ${what} FROM ${roleName(grantee)}`;
  return `GRANT ${what} TO ${roleName(grantee)}${kind === "grantable" ? " WITH GRANT OPTION" : ""}`;
}

/** What the owner gave comes first; what another role handed on is granted as that role. */
export function grants(
  input: EmitterInput,
  on: string,
  privileges: Attribute | undefined,
  columns = "",
): readonly Emission[] {
  const own: string[] = [];
  const handedOn: string[] = [];
  for (const [grantee, held] of entriesOf(privileges)) {
    for (const [entry, kind] of entriesOf(held)) {
      const [privilege = "", ...by] = entry.split(" by ");
      const sql = grant(privilege, grantee, kind, on, columns);
      if (by.length === 0) own.push(sql);
      else handedOn.push(`SET ROLE ${identifier(by.join(" by "))}`, sql, "RESET ROLE");
    }
  }
  return emit("grant", input, ...own, ...handedOn);
}

/** Owner, privileges and comment of an object that `target` names. `grantWord` is its word in GRANT. */
export function common(input: EmitterInput, grantWord?: string): readonly Emission[] {
  const { name, object } = input;
  const on = target(name, object["ofDomain"] === true);
  const inGrant = `${grantWord ?? name.kind.toUpperCase()} ${qualified(name.path)}${name.signature}`;
  return [
    ...ownership(input),
    ...grants(input, inGrant, object["privileges"]),
    ...commentOn(input, on, object["comment"]),
  ];
}
