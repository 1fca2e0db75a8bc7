import type { AlterEnumStmt, AlterObjectSchemaStmt, ObjectType, RenameStmt } from "libpg-query";
import { objectWords } from "../effect/object-type.js";
import { nameFromNodes, relationName } from "../effect/relation.js";
import type { QualifiedName } from "../name.js";
import { contentOf, stringsOf, type Node } from "../node.js";
import { quoteIdentifier, quoteLiteral, quoteQualified } from "../quote.js";
import { noWayBack, wayBack, type Inverse } from "./inverse.js";
import { argumentsText } from "./type-text.js";

const IF_EXISTS =
  "With IF EXISTS it may have done nothing, so what the way back would undo is not known. Leave out IF EXISTS.";

/** Parts that are renamed through what they are a part of: the words for the container, and those for the part. */
const PARTS: Partial<Record<ObjectType, string>> = {
  OBJECT_ATTRIBUTE: "ATTRIBUTE",
  OBJECT_COLUMN: "COLUMN",
  OBJECT_DOMCONSTRAINT: "CONSTRAINT",
  OBJECT_TABCONSTRAINT: "CONSTRAINT",
};

/** A rename is taken back exactly: the new name becomes the old one again. */
export function inverseOfRename(content: RenameStmt): Inverse {
  const { renameType, relation, object, subname, newname, missing_ok } = content;
  if (missing_ok === true) return noWayBack(IF_EXISTS);
  const [before, after] = [subname ?? "", quoteIdentifier(newname ?? "")];
  const part = renameType === undefined ? undefined : PARTS[renameType];
  if (part !== undefined) {
    const container = relation === undefined ? namedBy(object) : relationName(relation);
    const only = relation !== undefined && relation.inh !== true && containerWords(content) === "TABLE" ? "ONLY " : "";
    const start = `ALTER ${containerWords(content)} ${only}${quoteQualified(container)}`;
    const cascade = content.behavior === "DROP_CASCADE" ? " CASCADE" : "";
    return wayBack(`${start} RENAME ${part} ${after} TO ${quoteIdentifier(before)}${cascade}`);
  }
  const words = `ALTER ${objectWords(renameType)}`;
  if (relation !== undefined && subname !== undefined) {
    return wayBack(
      `${words} ${after} ON ${quoteQualified(relationName(relation))} RENAME TO ${quoteIdentifier(subname)}`,
    );
  }
  if (subname !== undefined) return wayBack(`${words} ${after} RENAME TO ${quoteIdentifier(subname)}`);
  return renameObject(words, content);
}

function renameObject(words: string, { renameType, relation, object, newname }: RenameStmt): Inverse {
  if (!isNamedSimply(renameType))
    return noWayBack("Its name alone does not tell which object to rename back. Write its way back by hand.");
  const old = relation === undefined ? namedBy(object) : relationName(relation);
  const renamed = `${quoteQualified({ schema: old.schema, name: newname ?? "" })}${argumentsOf(object)}`;
  return wayBack(`${words} ${renamed} RENAME TO ${quoteIdentifier(old.name)}`);
}

/** The schema before is known only where the statement names it. */
export function inverseOfSetSchema(content: AlterObjectSchemaStmt): Inverse {
  const { objectType, relation, object, newschema, missing_ok } = content;
  if (missing_ok === true) return noWayBack(IF_EXISTS);
  if (!isNamedSimply(objectType))
    return noWayBack("Its name alone does not tell which object to move back. Write its way back by hand.");
  const old = relation === undefined ? namedBy(object) : relationName(relation);
  if (old.schema === null) {
    return noWayBack("The statement does not tell which schema it was in before. Write the name with its schema.");
  }
  const moved = `${quoteQualified({ schema: newschema ?? null, name: old.name })}${argumentsOf(object)}`;
  return wayBack(`ALTER ${objectWords(objectType)} ${moved} SET SCHEMA ${quoteIdentifier(old.schema)}`);
}

export function inverseOfAlterEnum({ typeName, oldVal, newVal }: AlterEnumStmt): Inverse {
  if (oldVal === undefined) {
    return noWayBack(`PostgreSQL cannot take the value ${quoteLiteral(newVal ?? "")} away from an enum type again.`);
  }
  const type = quoteQualified(nameFromNodes(typeName));
  return wayBack(`ALTER TYPE ${type} RENAME VALUE ${quoteLiteral(newVal ?? "")} TO ${quoteLiteral(oldVal)}`);
}

function containerWords({ renameType, relationType }: RenameStmt): string {
  if (renameType === "OBJECT_ATTRIBUTE") return "TYPE";
  if (renameType === "OBJECT_DOMCONSTRAINT") return "DOMAIN";
  return renameType === "OBJECT_TABCONSTRAINT" ? "TABLE" : objectWords(relationType);
}

/** Operators, aggregates and what belongs to an access method are named by more than a name. */
function isNamedSimply(type: ObjectType | undefined): boolean {
  const complex: readonly (ObjectType | undefined)[] = [
    "OBJECT_AGGREGATE",
    "OBJECT_OPCLASS",
    "OBJECT_OPERATOR",
    "OBJECT_OPFAMILY",
  ];
  return !complex.includes(type);
}

function namedBy(object: Node | undefined): QualifiedName {
  const single = contentOf(object, "String")?.sval;
  if (single !== undefined) return { schema: null, name: single };
  const names = contentOf(object, "List")?.items ?? contentOf(object, "ObjectWithArgs")?.objname;
  return stringsOf(names).length > 0 ? nameFromNodes(names) : nameFromNodes(contentOf(object, "TypeName")?.names);
}

function argumentsOf(object: Node | undefined): string {
  const named = contentOf(object, "ObjectWithArgs");
  return named === undefined ? "" : argumentsText(named);
}
