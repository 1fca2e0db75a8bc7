import type {
  AlterDomainStmt,
  AlterSeqStmt,
  AlterEnumStmt,
  AlterObjectSchemaStmt,
  GrantStmt,
  ObjectType,
  RenameStmt,
} from "libpg-query";
import { contentOf, contentsOf, stringsOf, type Node } from "../node.js";
import type { EffectsDraft } from "./effects.js";
import type { LockMode, RelationLock } from "./lock-mode.js";
import { alteredObject, objectReference, tableOf } from "./object-node.js";
import type { ObjectKind, ObjectReference } from "./object-reference.js";
import { isGlobalKind, isRelationKind, objectKindOf, objectWords } from "./object-type.js";
import { readingOf } from "./reading.js";
import { ownerColumnOf } from "./create-relation.js";
import { globalReference, lock, nameFromNodes, reference, referenceOf, relationName } from "./relation.js";
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
  AlterSeqStmt: alterSequence,
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
  CommentStmt: ({ objtype, object }) => describing("COMMENT ON", objtype, object),
  SecLabelStmt: ({ objtype, object }) => describing("SECURITY LABEL ON", objtype, object),
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
function rename({
  renameType,
  relationType,
  relation,
  object,
  subname,
  newname,
  missing_ok,
}: RenameStmt): EffectsDraft {
  const old = alteredObject(renameType, withoutUndefined({ relation, object, subname }));
  const isPart = renameType !== undefined && renameType in PART_WORDS;
  const owner = ownerOf(old, isPart ? (CONTAINERS[renameType] ?? relationType) : "OBJECT_TABLE");
  return {
    command: isPart
      ? `ALTER ${owner?.kind.toUpperCase() ?? ""} RENAME ${PART_WORDS[renameType] ?? ""}`
      : `ALTER ${objectWords(renameType)} RENAME`,
    nature: "schema",
    ifExists: missing_ok === true,
    creates: [{ ...old, name: newname ?? "" }],
    drops: [old],
    needs: missing_ok === true ? [] : [old, ...(owner === null ? [] : [owner])],
    locks: locksOn(old, renameType, old.kind === "index" ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE"),
  };
}

/** The parts that are renamed through what they are a part of. */
const PART_WORDS: Partial<Record<ObjectType, string>> = {
  OBJECT_ATTRIBUTE: "ATTRIBUTE",
  OBJECT_COLUMN: "COLUMN",
  OBJECT_DOMCONSTRAINT: "CONSTRAINT",
  OBJECT_TABCONSTRAINT: "CONSTRAINT",
};

/** What they are a part of, where the tree does not say it. */
const CONTAINERS: Partial<Record<ObjectType, ObjectType>> = {
  OBJECT_DOMCONSTRAINT: "OBJECT_DOMAIN",
  OBJECT_TABCONSTRAINT: "OBJECT_TABLE",
};

function ownerOf(object: ObjectReference, type: ObjectType | undefined): ObjectReference | null {
  return object.of === undefined ? null : reference(objectKindOf(type), { schema: object.schema, name: object.of });
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
    locks: locksOn(old, objectType, "ACCESS EXCLUSIVE"),
  };
}

/** A new value may be added in a transaction, but nothing can use it before that has committed (manual, ALTER TYPE). */
function alterEnum({ typeName, oldVal, newVal, skipIfNewValExists }: AlterEnumStmt): EffectsDraft {
  const type = nameFromNodes(typeName);
  const value = referenceOf("enum value", type, newVal);
  const adds = oldVal === undefined;
  const old = adds ? [] : [referenceOf("enum value", type, oldVal)];
  return {
    command: adds ? "ALTER TYPE ADD VALUE" : "ALTER TYPE RENAME VALUE",
    nature: "schema",
    transaction: adds ? "own" : "inside",
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
    transaction: subtype === "V" ? "own" : "inside",
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
    locks: targets.flatMap((target) => locksOn(target, objtype, "ACCESS SHARE")),
  };
}

function alterSequence({ sequence, options, missing_ok }: AlterSeqStmt): EffectsDraft {
  const name = relationName(sequence);
  const owner = ownerColumnOf(options);
  return {
    command: "ALTER SEQUENCE",
    nature: "schema",
    ifExists: missing_ok === true,
    needs: [...(missing_ok === true ? [] : [reference("sequence", name)]), ...owner.needs],
    locks: [lock(name, "SHARE ROW EXCLUSIVE"), ...owner.locks],
  };
}

function altering(command: string, object: ObjectReference): EffectsDraft {
  return { command, nature: "schema", needs: [object] };
}

function describing(command: string, type: ObjectType | undefined, named: Node | undefined): EffectsDraft {
  const object = objectReference(type, named);
  const owner = type === "OBJECT_DOMCONSTRAINT" ? ownerOf(object, "OBJECT_DOMAIN") : null;
  const table = tableOf(object, type);
  return {
    command: `${command} ${object.kind.toUpperCase()}`,
    nature: "schema",
    needs: [object, ...(owner === null ? [] : [owner]), ...(table === null ? [] : [reference("table", table)])],
    locks: locksOn(
      object,
      type,
      table === null || object.kind === "column" ? "SHARE UPDATE EXCLUSIVE" : "ACCESS SHARE",
    ),
  };
}

/** The lock on the object itself where it is a relation, or else on its table. */
function locksOn(object: ObjectReference, type: ObjectType | undefined, mode: LockMode): readonly RelationLock[] {
  const table = tableOf(object, type);
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
