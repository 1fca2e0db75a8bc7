import type { AlterSubscriptionStmt, CreateSubscriptionStmt, DefElem } from "libpg-query";
import { contentOf, contentsOf, type Node } from "../node.js";
import { create } from "./create-object.js";
import type { EffectsDraft } from "./effects.js";
import type { ObjectKind } from "./object-reference.js";
import { objectReference } from "./object-node.js";
import { globalReference, nameFromNodes, reference } from "./relation.js";
import type { EffectRules } from "./rules.js";

/** What belongs to the whole database or to the whole server: extensions, roles, databases, tablespaces, servers, subscriptions. */
export const clusterRules: EffectRules = {
  CreateExtensionStmt: ({ extname, if_not_exists, options }) => ({
    ...create("extension"),
    ifNotExists: if_not_exists === true,
    cascade: hasOption(options, "cascade"),
    creates: [globalReference("extension", extname)],
    needs: contentsOf(options, "DefElem")
      .filter(({ defname }) => defname === "schema")
      .map(({ arg }) => globalReference("schema", contentOf(arg, "String")?.sval)),
  }),
  AlterExtensionStmt: ({ extname }) => altering("ALTER EXTENSION UPDATE", "extension", extname),
  AlterExtensionContentsStmt: ({ extname, objtype, object }) => ({
    command: "ALTER EXTENSION",
    nature: "schema",
    needs: [globalReference("extension", extname), objectReference(objtype, object)],
  }),
  CreateRoleStmt: ({ role }) => ({ ...create("role"), creates: [globalReference("role", role)] }),
  AlterRoleStmt: ({ role }) => altering("ALTER ROLE", "role", role?.rolename),
  AlterRoleSetStmt: ({ role }) => altering("ALTER ROLE SET", "role", role?.rolename),
  ReassignOwnedStmt: ({ roles }) => ({
    command: "REASSIGN OWNED",
    nature: "schema",
    needs: contentsOf(roles, "RoleSpec").map(({ rolename }) => globalReference("role", rolename)),
  }),
  CreatedbStmt: ({ dbname }) => ({
    ...create("database"),
    transaction: "outside",
    creates: [globalReference("database", dbname)],
  }),
  AlterDatabaseStmt: ({ dbname, options }) => ({
    ...altering("ALTER DATABASE", "database", dbname),
    transaction: hasOption(options, "tablespace") ? "outside" : "inside",
  }),
  AlterDatabaseSetStmt: ({ dbname }) => altering("ALTER DATABASE SET", "database", dbname),
  AlterDatabaseRefreshCollStmt: ({ dbname }) =>
    altering("ALTER DATABASE REFRESH COLLATION VERSION", "database", dbname),
  CreateTableSpaceStmt: ({ tablespacename }) => ({
    ...create("tablespace"),
    transaction: "outside",
    creates: [globalReference("tablespace", tablespacename)],
  }),
  AlterTableSpaceOptionsStmt: ({ tablespacename }) => altering("ALTER TABLESPACE", "tablespace", tablespacename),
  AlterTableMoveAllStmt: ({ orig_tablespacename, new_tablespacename }) => ({
    command: "ALTER TABLE ALL IN TABLESPACE",
    nature: "schema",
    needs: [orig_tablespacename, new_tablespacename].map((name) => globalReference("tablespace", name)),
  }),
  AlterSystemStmt: () => ({ command: "ALTER SYSTEM", nature: "utility", transaction: "outside" }),
  CreateFdwStmt: ({ fdwname }) => ({
    ...create("foreign data wrapper"),
    creates: [globalReference("foreign data wrapper", fdwname)],
  }),
  AlterFdwStmt: ({ fdwname }) => altering("ALTER FOREIGN DATA WRAPPER", "foreign data wrapper", fdwname),
  CreateForeignServerStmt: ({ servername, fdwname, if_not_exists }) => ({
    ...create("server"),
    ifNotExists: if_not_exists === true,
    creates: [globalReference("server", servername)],
    needs: [globalReference("foreign data wrapper", fdwname)],
  }),
  AlterForeignServerStmt: ({ servername }) => altering("ALTER SERVER", "server", servername),
  CreateUserMappingStmt: ({ user, servername, if_not_exists }) => ({
    ...create("user mapping"),
    ifNotExists: if_not_exists === true,
    creates: [globalReference("user mapping", `${user?.rolename ?? "public"} on ${servername ?? ""}`)],
    needs: [globalReference("server", servername)],
  }),
  AlterUserMappingStmt: ({ servername }) => altering("ALTER USER MAPPING", "server", servername),
  ImportForeignSchemaStmt: ({ server_name, local_schema }) => ({
    command: "IMPORT FOREIGN SCHEMA",
    nature: "schema",
    needs: [globalReference("server", server_name), globalReference("schema", local_schema)],
  }),
  CreateAmStmt: ({ amname, handler_name }) => ({
    ...create("access method"),
    creates: [globalReference("access method", amname)],
    needs: [reference("function", nameFromNodes(handler_name))],
  }),
  CreatePLangStmt: ({ plname }) => ({ ...create("language"), creates: [globalReference("language", plname)] }),
  CreateSubscriptionStmt: createSubscription,
  AlterSubscriptionStmt: alterSubscription,
};

/** Making a replication slot at the other end cannot be taken back, so PostgreSQL refuses it in a transaction block. */
function createSubscription({ subname, options }: CreateSubscriptionStmt): EffectsDraft {
  const makesSlot = !isSwitchedOff(options, "connect") && !isSwitchedOff(options, "create_slot");
  return {
    ...create("subscription"),
    transaction: makesSlot ? "outside" : "inside",
    creates: [globalReference("subscription", subname)],
  };
}

function alterSubscription({ subname, kind, options }: AlterSubscriptionStmt): EffectsDraft {
  const changesTables = (kind ?? "").endsWith("PUBLICATION") && !isSwitchedOff(options, "refresh");
  const changesSlot = hasOption(options, "failover") || hasOption(options, "two_phase");
  const outside = kind === "ALTER_SUBSCRIPTION_REFRESH" || changesTables || changesSlot;
  return {
    ...altering("ALTER SUBSCRIPTION", "subscription", subname),
    transaction: outside ? "outside" : "inside",
  };
}

export function hasOption(options: readonly Node[] | undefined, name: string): boolean {
  return contentsOf(options, "DefElem").some(({ defname }) => defname === name);
}

/** Whether an option is there and says no, in one of the ways in which SQL says it. */
export function isSwitchedOff(options: readonly Node[] | undefined, name: string): boolean {
  const option: DefElem | undefined = contentsOf(options, "DefElem").find(({ defname }) => defname === name);
  const said = contentOf(option?.arg, "String")?.sval ?? contentOf(option?.arg, "Integer")?.ival;
  const isFalseInteger = contentOf(option?.arg, "Integer") !== undefined && (said ?? 0) === 0;
  return isFalseInteger || (typeof said === "string" && ["false", "off", "0"].includes(said.toLowerCase()));
}

function altering(command: string, kind: ObjectKind, name: string | undefined): EffectsDraft {
  return { command, nature: "schema", needs: name === undefined ? [] : [globalReference(kind, name)] };
}
