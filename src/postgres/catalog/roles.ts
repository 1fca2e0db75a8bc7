import type pg from "pg";
import { entriesOf, identifier, literal, textsOf } from "../../snapshot/emit/sql-text.js";
import { parseObjectKey } from "../../snapshot/object-key.js";
import type { Attribute, CatalogObject, Snapshot } from "../../snapshot/snapshot.js";

function rolesInPrivileges(privileges: Attribute | undefined): readonly string[] {
  return entriesOf(privileges).flatMap(([grantee, held]) => [
    grantee,
    ...entriesOf(held).flatMap(([entry]) => entry.split(" by ").slice(1)),
  ]);
}

function rolesOf(key: string, object: CatalogObject): readonly string[] {
  const { kind, path } = parseObjectKey(key);
  const inKey = kind === "user mapping" || kind === "default privileges" ? [path[0] ?? ""] : [];
  const identity = Object.fromEntries(entriesOf(object["identity"]));
  return [
    ...inKey,
    ...(typeof object["owner"] === "string" ? [object["owner"]] : []),
    ...(kind === "policy" ? textsOf(object["roles"]) : []),
    ...rolesInPrivileges(object["privileges"]),
    ...rolesInPrivileges(identity["privileges"]),
  ];
}

/** Every role that the snapshot names, sorted; `public`, which is none, is left out. */
export function rolesNamed(snapshot: Snapshot): readonly string[] {
  const roles = new Set(Object.entries(snapshot.objects).flatMap(([key, object]) => rolesOf(key, object)));
  roles.delete("public");
  return [...roles].sort();
}

/** Another session may make the same role at the same time; either way it is there afterwards. */
const createRole = (role: string): string =>
  `do ${literal(`begin create role ${identifier(role)} nologin; exception when duplicate_object or unique_violation then null; end`)}`;

/** Makes the roles that the server does not have, without the right to log in. Gives back which these were. */
export async function createMissingRoles(client: pg.ClientBase, roles: readonly string[]): Promise<readonly string[]> {
  const missing = await client.query<{ role: string }>(
    `select role from unnest($1::text[]) as role where not exists (select from pg_roles where rolname = role) order by role`,
    [roles],
  );
  for (const { role } of missing.rows) await client.query(createRole(role));
  return missing.rows.map(({ role }) => role);
}
