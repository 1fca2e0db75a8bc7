import type { AlterDomainStmt, AlterEnumStmt, AlterObjectSchemaStmt, GrantStmt, RenameStmt } from "libpg-query";
import { contentOf, contentsOf, stringsOf, type Node } from "../node.js";
import type { EffectsDraft } from "./effects.js";
import type { LockMode, RelationLock } from "./lock-mode.js";
import { alteredObject, objectReference, tableOf } from "./object-node.js";
import type { ObjectKind, ObjectReference } from "./object-reference.js";
import { isGlobalKind, isRelationKind, objectKindOf, objectWords } from "./object-type.js";
import { readingOf } from "./reading.js";
import { globalReference, lock, nameFromNodes, reference, referenceOf } from "./relation.js";
import type { EffectRules } from "./rules.js";

/** ALTER, COMMENT, GRANT and REVOKE of what ALTER TABLE does not cover. */
export const alterObjectRules: EffectRules = {
  RenameStmt: rename,
  AlterObjectSchemaStmt: setSchema,
  AlterOwnerStmt: ({ objectType, relation, object, newowner }) => {
    const altered = alteredObject(objectType, withoutUndefined({ relation, object }));
    const role = newowner?.rolename === undefined ? [] : [globalReference("role", newowner.rolename)];
    return { command: `ALTER ${objectWords(objectType)} OWNER TO`, nature: "schema", needs: [altered, ...role] };
  },
  AlterObjectDependsStmt: ({ objectType, relation, object }) => ({
    command: `ALTER ${objectWords(objectType)} DEPENDS ON EXTENSION`,
    nature: "schema",
    needs: [alteredObject(objectType, withoutUndefined({ relation, object }))],
  }),
  AlterEnumStmt: alterEnum,
  AlterDomainStmt: alterDomain,
  AlterTypeStmt: ({ typeName }) => altering("ALTER TYPE", reference("type", nameFromNodes(typeName))),
  AlterFunctionStmt: ({ objtype, func }) =>
    altering(`ALTER ${objectWords(objtype)}`, reference(objectKindOf(objtype), nameFromNodes(func?.objname))),
  AlterStatsStmt: ({ defnames, missing_ok }) => ({
    ...altering("ALTER STATISTICS", reference("statistics", nameFromNodes(defnames))),
    ifExists: missing_ok === true,
  }),
  AlterCollationStmt: ({ collname }) => altering("ALTER COLLATION", reference("collation", nameFromNodes(collname))),
  AlterOperatorStmt: ({ opername }) =>
    altering("ALTER OPERATOR", reference("operator", nameFromNodes(opername?.objname))),
  AlterOpFamilyStmt: ({ opfamilyname }) =>
    altering("ALTER OPERATOR FAMILY", reference("operator family", nameFromNodes(opfamilyname))),
  AlterTSConfigurationStmt: ({ cfgname }) =>
    altering("ALTER TEXT SEARCH CONFIGURATION", reference("text search configuration", nameFromNodes(cfgname))),
  AlterTSDictionaryStmt: ({ dictname }) =>
    altering("ALTER TEXT SEARCH DICTIONARY", reference("text search dictionary", nameFromNodes(dictname))),
  CommentStmt: ({ objtype, object }) => describing("COMMENT ON", objectReference(objtype, object)),
  SecLabelStmt: ({ objtype, object }) => describing("SECURITY LABEL ON", objectReference(objtype, object)),
  GrantStmt: grant,
  GrantRoleStmt: ({ is_grant, granted_roles, grantee_roles }) => ({
    command: is_grant === true ? "GRANT ROLE" : "REVOKE ROLE",
    nature: "schema",
    needs: [
      ...contentsOf(granted_roles, "AccessPriv").map(({ priv_name }) => globalReference("role", priv_name)),
      ...rolesIn(grantee_roles),
    ],
  }),
  AlterDefaultPrivilegesStmt: ({ action }) => ({
    command: "ALTER DEFAULT PRIVILEGES",
    nature: "schema",
    needs: rolesIn(action?.grantees),
  }),
};

/** Renaming an index lets its table be used (manual, ALTER INDEX); any other rename keeps all others out. */
function rename(content: RenameStmt): EffectsDraft {
  const { renameType, relation, object, subname, newname, missing_ok } = content;
  const old = alteredObject(renameType, withoutUndefined({ relation, object, subname }));
  const mode = old.kind === "index" ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE";
  const container = tableOf(old);
  const containers = container === null ? [] : [reference(objectKindOf(tableTypeOf(content)), container)];
  return {
    command: `ALTER ${objectWords(container === null ? renameType : tableTypeOf(content))} RENAME${container === null ? "" : ` ${objectWords(renameType)}`}`,
    nature: "schema",
    ifExists: missing_ok === true,
    creates: [{ ...old, name: newname ?? "" }],
    drops: [old],
    needs: missing_ok === true ? [] : [old, ...containers],
    locks: locksOn(old, mode),
  };
}

/** The parser gives the kind of the container for columns and attributes only. */
function tableTypeOf({ renameType, relationType }: RenameStmt): RenameStmt["relationType"] {
  if (renameType === "OBJECT_DOMCONSTRAINT") return "OBJECT_DOMAIN";
  if (renameType === "OBJECT_COLUMN" || renameType === "OBJECT_ATTRIBUTE") return relationType;
  return "OBJECT_TABLE";
}

function setSchema({ objectType, relation, object, newschema, missing_ok }: AlterObjectSchemaStmt): EffectsDraft {
  const old = alteredObject(objectType, withoutUndefined({ relation, object }));
  const moved = isGlobalKind(old.kind) ? [] : [{ ...old, schema: newschema ?? null }];
  return {
    command: `ALTER ${objectWords(objectType)} SET SCHEMA`,
    nature: "schema",
    ifExists: missing_ok === true,
    creates: moved,
    drops: moved.length === 0 ? [] : [old],
    needs: [...(missing_ok === true ? [] : [old]), globalReference("schema", newschema)],
    locks: locksOn(old, "ACCESS EXCLUSIVE"),
  };
}

/**
 * A new value may be added in a transaction, but nothing can use it before that has committed (manual, ALTER TYPE), so it counts as
 * a statement that stands outside.
 */
function alterEnum({ typeName, oldVal, newVal, skipIfNewValExists }: AlterEnumStmt): EffectsDraft {
  const type = nameFromNodes(typeName);
  const value = referenceOf("enum value", type, newVal);
  const adds = oldVal === undefined;
  const old = adds ? [] : [referenceOf("enum value", type, oldVal)];
  return {
    command: adds ? "ALTER TYPE ADD VALUE" : "ALTER TYPE RENAME VALUE",
    nature: "schema",
    transaction: adds ? "outside" : "inside",
    ifNotExists: skipIfNewValExists === true,
    creates: [value],
    drops: old,
    needs: [reference("type", type), ...old],
  };
}

/** By the letter that the tree has for what is altered. */
const DOMAIN_WORDS: Readonly<Record<string, string>> = {
  T: "DEFAULT",
  N: "DROP NOT NULL",
  O: "SET NOT NULL",
  C: "ADD CONSTRAINT",
  X: "DROP CONSTRAINT",
  V: "VALIDATE CONSTRAINT",
};

function alterDomain({ subtype, typeName, name, def, missing_ok, behavior }: AlterDomainStmt): EffectsDraft {
  const domain = nameFromNodes(typeName);
  const added = contentOf(def, "Constraint")?.conname;
  const named = name === undefined ? [] : [referenceOf("constraint", domain, name)];
  const words = DOMAIN_WORDS[subtype ?? ""] ?? "";
  return {
    command: `ALTER DOMAIN ${words === "DEFAULT" ? `${def === undefined ? "DROP" : "SET"} DEFAULT` : words}`,
    nature: "schema",
    ifExists: missing_ok === true,
    cascade: behavior === "DROP_CASCADE",
    creates: added === undefined ? [] : [referenceOf("constraint", domain, added)],
    drops: subtype === "X" ? named : [],
    needs: [reference("domain", domain), ...(missing_ok === true ? [] : named), ...readingOf(def).needs],
  };
}

function grant({ is_grant, targtype, objtype, objects, privileges, grantees }: GrantStmt): EffectsDraft {
  const inSchema = targtype === "ACL_TARGET_ALL_IN_SCHEMA";
  const targets = inSchema
    ? stringsOf(objects).map((schema) => globalReference("schema", schema))
    : (objects ?? []).map((object) => objectReference(objtype, object));
  const columns = contentsOf(privileges, "AccessPriv").flatMap(({ cols }) => stringsOf(cols));
  return {
    command: is_grant === true ? "GRANT" : "REVOKE",
    nature: "schema",
    needs: [
      ...targets,
      ...targets.flatMap((table) => columns.map((column) => referenceOf("column", table, column))),
      ...rolesIn(grantees),
    ],
  };
}

function altering(command: string, object: ObjectReference): EffectsDraft {
  return { command, nature: "schema", needs: [object] };
}

function describing(command: string, object: ObjectReference): EffectsDraft {
  const table = tableOf(object);
  return {
    command: `${command} ${object.kind.toUpperCase()}`,
    nature: "schema",
    needs: [object, ...(table === null ? [] : [reference("table", table)])],
    locks: locksOn(object, "SHARE UPDATE EXCLUSIVE"),
  };
}

/** The lock on the object itself where it is a relation, or else on its table. */
function locksOn(object: ObjectReference, mode: LockMode): readonly RelationLock[] {
  const table = tableOf(object);
  if (table !== null) return [lock(table, mode)];
  return isRelationKind(object.kind) ? [lock({ schema: object.schema, name: object.name }, mode)] : [];
}

function rolesIn(nodes: readonly Node[] | undefined): readonly ObjectReference[] {
  const kind: ObjectKind = "role";
  return contentsOf(nodes, "RoleSpec").flatMap(({ rolename }) =>
    rolename === undefined ? [] : [globalReference(kind, rolename)],
  );
}

/** Leaves out what the tree leaves out, so that an absent part stays absent. */
function withoutUndefined<Parts extends object>(
  parts: Parts,
): { [Key in keyof Parts]?: Exclude<Parts[Key], undefined> } {
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)) as {
    [Key in keyof Parts]?: Exclude<Parts[Key], undefined>;
  };
}
