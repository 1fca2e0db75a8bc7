import type { CreateFunctionStmt, IndexStmt } from "libpg-query";
import type { Effects } from "../effect/effects.js";
import type { ObjectKind, ObjectReference } from "../effect/object-reference.js";
import { nameFromNodes, relationName } from "../effect/relation.js";
import { contentOf, contentsOf, kindOf, type Node, type NodeKind } from "../node.js";
import { quoteIdentifier, quoteQualified } from "../quote.js";
import { noWayBack, NOTHING_TO_TAKE_BACK, wayBack, type Inverse } from "./inverse.js";
import { signatureText } from "./type-text.js";

const ON_A_TABLE: ReadonlySet<ObjectKind> = new Set<ObjectKind>(["policy", "rule", "trigger"]);

/** Kinds whose DROP needs more than a name, so that effects alone cannot tell it. */
const NEEDS_MORE_THAN_A_NAME: ReadonlySet<ObjectKind> = new Set<ObjectKind>([
  "aggregate",
  "cast",
  "operator",
  "operator class",
  "operator family",
  "transform",
  "user mapping",
]);

const FROM_CREATE_SCHEMA: ReadonlySet<ObjectKind> = new Set<ObjectKind>(["sequence", "table", "view"]);

/** The kinds of statement that make something, and nothing else. */
export function isCreate(node: Node): boolean {
  const kind = kindOf(node) ?? "";
  return CREATES.has(kind) || (kind.startsWith("Create") && kind.endsWith("Stmt"));
}

const CREATES: ReadonlySet<string> = new Set<NodeKind>([
  "CompositeTypeStmt",
  "CreatedbStmt",
  "DefineStmt",
  "IndexStmt",
  "RuleStmt",
  "ViewStmt",
]);

/** What a CREATE makes, its way back drops, without CASCADE: what others have hung on it since is not ours to remove. */
export function inverseOfCreate(node: Node, effects: Effects): Inverse {
  const made = effects.creates[0];
  const what = made?.kind ?? "object";
  if (effects.ifNotExists) {
    return noWayBack(
      `With IF NOT EXISTS it may meet a ${what} that is there already, which the way back must not remove. Leave out IF NOT EXISTS.`,
    );
  }
  if (isReplacing(node)) {
    return noWayBack(
      `It may replace a ${what} whose definition before is not known. Leave out OR REPLACE if it is new.`,
    );
  }
  if (isTemporary(node)) return NOTHING_TO_TAKE_BACK;
  const index = contentOf(node, "IndexStmt");
  if (index !== undefined) return dropIndex(index);
  const routine = contentOf(node, "CreateFunctionStmt");
  if (routine !== undefined) return dropRoutine(routine);
  if (kindOf(node) === "CreateSchemaStmt") return dropSchema(effects);
  if (made?.kind === "extension" && effects.cascade) {
    return noWayBack(
      "With CASCADE it may bring other extensions along, which the statement does not name. Create each by name.",
    );
  }
  if (made === undefined)
    return noWayBack("It gives no name to what it makes, so the way back cannot name it. Give it a name.");
  return NEEDS_MORE_THAN_A_NAME.has(made.kind)
    ? noWayBack(`Its name alone does not tell which ${what} to drop. Write its way back by hand.`)
    : wayBack(dropText(made));
}

function dropText(made: ObjectReference): string {
  const words = `DROP ${made.kind.toUpperCase()}`;
  if (!ON_A_TABLE.has(made.kind) || made.of === undefined) return `${words} ${quoteQualified(made)}`;
  return `${words} ${quoteIdentifier(made.name)} ON ${quoteQualified({ schema: made.schema, name: made.of })}`;
}

/** An index on ONLY the parent of partitions cannot be dropped CONCURRENTLY (manual, DROP INDEX). */
function dropIndex({ idxname, relation }: IndexStmt): Inverse {
  if (idxname === undefined) {
    return noWayBack("The index has no name of its own, so the way back cannot name it. Give the index a name.");
  }
  const name = quoteQualified({ schema: relationName(relation).schema, name: idxname });
  return wayBack(relation?.inh === true ? `DROP INDEX CONCURRENTLY ${name}` : `DROP INDEX ${name}`);
}

function dropRoutine({ funcname, parameters, is_procedure }: CreateFunctionStmt): Inverse {
  const kind = is_procedure === true ? "procedure" : "function";
  const signature = signatureText(contentsOf(parameters, "FunctionParameter"), kind);
  return wayBack(`DROP ${kind.toUpperCase()} ${quoteQualified(nameFromNodes(funcname))}${signature}`);
}

/** What was made inside goes first; its indexes, triggers and privileges go with it. */
function dropSchema(effects: Effects): Inverse {
  const inside = effects.creates.filter((made) => FROM_CREATE_SCHEMA.has(made.kind)).toReversed();
  const [schema] = effects.creates;
  return wayBack(...inside.map(dropText), ...(schema === undefined ? [] : [dropText(schema)]));
}

function isReplacing(node: Node): boolean {
  const content = Object.values(node)[0] as { readonly replace?: boolean } | undefined;
  return content?.replace === true;
}

/** A temporary relation ends with its session, so that nothing of it is left to take back. */
function isTemporary(node: Node): boolean {
  const relation =
    contentOf(node, "CreateStmt")?.relation ??
    contentOf(node, "CreateTableAsStmt")?.into?.rel ??
    contentOf(node, "SelectStmt")?.intoClause?.rel ??
    contentOf(node, "ViewStmt")?.view ??
    contentOf(node, "CreateSeqStmt")?.sequence;
  return relation?.relpersistence === "t";
}
