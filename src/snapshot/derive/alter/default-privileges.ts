import { emit } from "../../emit/emission.js";
import { identifier, roleName } from "../../emit/sql-text.js";
import type { ObjectName } from "../../object-key.js";
import type { Attribute, CatalogObject } from "../../snapshot.js";
import type { AttributeRules } from "./alteration.js";
import { privilegeChanges } from "./shared.js";

function statements({ path }: ObjectName, was: Attribute | undefined, is: Attribute | undefined): readonly string[] {
  const inSchema = path.length === 3 ? ` IN SCHEMA ${identifier(path[1] ?? "")}` : "";
  const head = `ALTER DEFAULT PRIVILEGES FOR ROLE ${roleName(path[0] ?? "")}${inSchema}`;
  return privilegeChanges((path.at(-1) ?? "").toUpperCase(), was, is).map((sql) => `${head} ${sql}`);
}

/** Takes back every entry. */
export function forgetDefaultPrivileges(name: ObjectName, was: CatalogObject): readonly string[] {
  return statements(name, was["privileges"], undefined);
}

export const defaultPrivilegesRules: AttributeRules = {
  privileges: (alteration) =>
    emit(
      "last",
      alteration,
      ...statements(alteration.name, alteration.was["privileges"], alteration.object["privileges"]),
    ),
};
