import type { DropStmt, ObjectType } from "libpg-query";
import { contentsOf } from "../node.js";
import type { EffectsDraft } from "./effects.js";
import type { LockMode, RelationLock } from "./lock-mode.js";
import { objectReference, tableOf } from "./object-node.js";
import type { ObjectReference } from "./object-reference.js";
import { isRelationKind, objectWords } from "./object-type.js";
import { globalReference, lock, reference } from "./relation.js";
import type { EffectRules } from "./rules.js";

/** DROP of anything. The locks on what hangs on a dropped table (its foreign keys' other ends) only the catalog knows. */
export const dropRules: EffectRules = {
  DropStmt: drop,
  DropdbStmt: ({ dbname, missing_ok }) => ({
    ...dropped("DROP DATABASE", [globalReference("database", dbname)], missing_ok),
    transaction: "outside",
  }),
  DropTableSpaceStmt: ({ tablespacename, missing_ok }) => ({
    ...dropped("DROP TABLESPACE", [globalReference("tablespace", tablespacename)], missing_ok),
    transaction: "outside",
  }),
  DropRoleStmt: ({ roles, missing_ok }) =>
    dropped(
      "DROP ROLE",
      contentsOf(roles, "RoleSpec").map(({ rolename }) => globalReference("role", rolename)),
      missing_ok,
    ),
  // It also drops the replication slot at the other end, which no transaction can take back.
  DropSubscriptionStmt: ({ subname, missing_ok, behavior }) => ({
    ...dropped("DROP SUBSCRIPTION", [globalReference("subscription", subname)], missing_ok),
    transaction: "outside",
    cascade: behavior === "DROP_CASCADE",
  }),
  DropUserMappingStmt: ({ user, servername, missing_ok }) =>
    dropped(
      "DROP USER MAPPING",
      [globalReference("user mapping", `${user?.rolename ?? "public"} on ${servername ?? ""}`)],
      missing_ok,
    ),
  DropOwnedStmt: ({ roles, behavior }) => ({
    command: "DROP OWNED",
    nature: "schema",
    cascade: behavior === "DROP_CASCADE",
    needs: contentsOf(roles, "RoleSpec").map(({ rolename }) => globalReference("role", rolename)),
  }),
};

function drop({ objects, removeType, behavior, missing_ok, concurrent }: DropStmt): EffectsDraft {
  const concurrently = concurrent === true;
  const drops = (objects ?? []).map((object) => objectReference(removeType, object));
  return {
    ...dropped(`DROP ${objectWords(removeType)}${concurrently ? " CONCURRENTLY" : ""}`, drops, missing_ok, removeType),
    transaction: concurrently ? "outside" : "inside",
    cascade: behavior === "DROP_CASCADE",
    locks: drops.flatMap((object) =>
      lockToDrop(object, removeType, concurrently ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE"),
    ),
  };
}

/** With IF EXISTS neither the objects nor the tables that they belong to need be there (manual, DROP TRIGGER). */
function dropped(
  command: string,
  drops: readonly ObjectReference[],
  ifExists: boolean | undefined,
  type?: ObjectType,
): EffectsDraft {
  const tables = drops.flatMap((object) => tableOf(object, type) ?? []).map((table) => reference("table", table));
  return {
    command,
    nature: "schema",
    ifExists: ifExists === true,
    drops,
    needs: ifExists === true ? [] : [...drops, ...tables],
  };
}

function lockToDrop(object: ObjectReference, type: ObjectType | undefined, mode: LockMode): readonly RelationLock[] {
  const table = tableOf(object, type);
  if (table !== null) return [lock(table, mode)];
  return isRelationKind(object.kind) ? [lock({ schema: object.schema, name: object.name }, mode)] : [];
}
