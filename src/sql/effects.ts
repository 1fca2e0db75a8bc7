import type { CreateSchemaStmt } from "libpg-query";
import { alterObjectRules } from "./effect/alter-object.js";
import { alterTableRules } from "./effect/alter-table.js";
import { clusterRules } from "./effect/cluster.js";
import { createAttachedRules } from "./effect/create-attached.js";
import { createObjectRules } from "./effect/create-object.js";
import { createRelationRules } from "./effect/create-relation.js";
import { dataRules } from "./effect/data.js";
import { dropRules } from "./effect/drop.js";
import { completeEffects, type Effects, type EffectsDraft } from "./effect/effects.js";
import { maintenanceRules } from "./effect/maintenance.js";
import type { ObjectReference } from "./effect/object-reference.js";
import { isRelationKind } from "./effect/object-type.js";
import { globalReference } from "./effect/relation.js";
import type { EffectRules } from "./effect/rules.js";
import { sessionRules } from "./effect/session.js";
import { kindOf, type Node } from "./node.js";
import type { Statement } from "./statement.js";

export type { Effects } from "./effect/effects.js";
export { LOCK_MODES, type LockMode } from "./effect/lock-mode.js";
export type { ObjectKind, ObjectReference } from "./effect/object-reference.js";

const RULES: EffectRules = {
  ...createRelationRules,
  ...createObjectRules,
  ...createAttachedRules,
  ...clusterRules,
  ...alterTableRules,
  ...alterObjectRules,
  ...dropRules,
  ...dataRules,
  ...maintenanceRules,
  ...sessionRules,
  CreateSchemaStmt: createSchema,
};

/**
 * What a statement does, as far as its own text tells: what it makes, drops and needs, which locks it takes on what is there before
 * (PostgreSQL manual, Explicit Locking, and the page of each command), and whether it can stand in a transaction block.
 *
 * It never throws: a statement that is not known has the nature "utility" and no effects.
 */
export function effectsOf(statement: Statement): Effects {
  return completeEffects(draftOf(statement.node));
}

function draftOf(node: Node): EffectsDraft {
  const kind = kindOf(node);
  const rule = kind === null ? undefined : (RULES[kind] as ((content: unknown) => EffectsDraft) | undefined);
  if (kind === null || rule === undefined) return { command: wordsFor(kind), nature: "utility" };
  return rule((node as Readonly<Record<string, unknown>>)[kind]);
}

/** `SomeOtherStmt` as people would say it: SOME OTHER. */
function wordsFor(kind: string | null): string {
  return (kind ?? "")
    .replace(/Stmt$/, "")
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toUpperCase();
}

/** CREATE SCHEMA may hold further statements; what they name without a schema is in the new one. */
function createSchema({ schemaname, authrole, schemaElts, if_not_exists }: CreateSchemaStmt): EffectsDraft {
  const name = schemaname ?? authrole?.rolename ?? "";
  const elements = (schemaElts ?? []).map((element) => completeEffects(draftOf(element)));
  const creates = elements.flatMap((element) => element.creates).map((made) => within(name, made));
  const needs = elements
    .flatMap((element) => element.needs)
    .filter((needed) => !isMadeBy(creates, within(name, needed)));
  const locks = elements
    .flatMap((element) => element.locks)
    .filter(({ relation }) => relation.schema !== null && relation.schema !== name);
  const owner = authrole?.rolename === undefined ? [] : [globalReference("role", authrole.rolename)];
  return {
    command: "CREATE SCHEMA",
    nature: "schema",
    ifNotExists: if_not_exists === true,
    creates: [globalReference("schema", name), ...creates],
    needs: [...owner, ...needs],
    locks,
  };
}

function within(schema: string, object: ObjectReference): ObjectReference {
  return { ...object, schema: object.schema ?? schema };
}

/** A need that speaks of a relation is met by one of any kind, and a part of a relation by the relation itself. */
function isMadeBy(creates: readonly ObjectReference[], object: ObjectReference): boolean {
  const needed = object.of ?? object.name;
  return creates.some((made) => {
    if (made.schema !== object.schema || made.name !== needed) return false;
    return isRelationKind(made.kind) ? object.of !== undefined || object.kind === "table" : made.kind === object.kind;
  });
}
