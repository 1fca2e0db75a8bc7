import type { A_Const, FuncCall, RangeVar, TypeName } from "libpg-query";
import { contentOf, contentsOf, stringsOf, type Node } from "../node.js";
import { sameName, type QualifiedName } from "../name.js";
import type { LockMode, RelationLock } from "./lock-mode.js";
import type { ObjectReference } from "./object-reference.js";
import { lock, nameFromParts, reference, referenceOf, relationName } from "./relation.js";
import { columnsInExpression, SYSTEM_COLUMNS } from "./expression.js";
import { typeReferences } from "./type-name.js";

/** What a query or an expression refers to, and the locks that it takes. */
export interface Reading {
  readonly needs: readonly ObjectReference[];
  readonly locks: readonly RelationLock[];
}

type Tree = Readonly<Record<string, unknown>>;
type Scope = ReadonlySet<string>;

const WRITERS: ReadonlySet<string> = new Set(["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"]);
const SEQUENCE_FUNCTIONS: ReadonlySet<string> = new Set(["nextval", "currval", "setval"]);

/**
 * Reads any part of a tree. Names of a WITH clause are no relations where they are in scope. The tree is walked by the shape of its
 * nodes, since the parser stands some of them unwrapped in their parents.
 */
export function readingOf(part: unknown): Reading {
  const reader = new Reader();
  reader.visit(part, new Set(), "ACCESS SHARE");
  return {
    needs: [...reader.needs, ...columnsOfSingleRelation(part, reader)],
    locks: reader.locks,
  };
}

class Reader {
  readonly needs: ObjectReference[] = [];
  readonly locks: RelationLock[] = [];
  readonly aliases = new Set<string>();
  /** Columns can only be told to be a relation's own where nothing else could bring them in. */
  hasOtherSources = false;

  visit(part: unknown, scope: Scope, mode: LockMode): void {
    if (Array.isArray(part)) {
      for (const each of part) this.visit(each, scope, mode);
    } else if (typeof part === "object" && part !== null) {
      this.#visitTree(part as Tree, scope, mode);
    }
  }

  #visitTree(tree: Tree, scope: Scope, mode: LockMode): void {
    if (typeof tree["relname"] === "string") return this.#relation(tree as RangeVar, scope, mode);
    if (Array.isArray(tree["names"]) && "typemod" in tree) this.needs.push(...typeReferences(tree as TypeName));
    if (Array.isArray(tree["funcname"])) this.#functionCall(tree as FuncCall);
    if ("RangeSubselect" in tree || "RangeFunction" in tree || "SubLink" in tree) this.hasOtherSources = true;
    const inner = this.#withClause(tree, scope, mode);
    for (const [key, value] of Object.entries(tree)) {
      if (key === "withClause") continue;
      this.visit(value, inner, modeWithin(tree, key, mode));
      if (WRITERS.has(key)) this.#writes(value as Tree);
    }
  }

  #relation(relation: RangeVar, scope: Scope, mode: LockMode): void {
    if (relation.schemaname === undefined && scope.has(relation.relname ?? "")) return;
    const name = relationName(relation);
    this.needs.push(reference("table", name));
    this.locks.push(lock(name, mode));
    this.aliases.add(relation.alias?.aliasname ?? name.name);
  }

  #functionCall(call: FuncCall): void {
    const name = nameFromParts(stringsOf(call.funcname));
    if (name.schema === "pg_catalog") return;
    this.needs.push(reference("function", name));
    if (!SEQUENCE_FUNCTIONS.has(name.name)) return;
    const sequence = sequenceNamedBy(call.args?.[0]);
    if (sequence !== null) this.needs.push(reference("sequence", sequence));
  }

  /** Reads the WITH clause of a query and gives the scope that holds after it. */
  #withClause(tree: Tree, scope: Scope, mode: LockMode): Scope {
    const clause = tree["withClause"] as { readonly ctes?: readonly Node[]; readonly recursive?: boolean } | undefined;
    if (clause === undefined) return scope;
    this.hasOtherSources = true;
    const entries = contentsOf(clause.ctes, "CommonTableExpr");
    const all = new Set([...scope, ...entries.map((entry) => entry.ctename ?? "")]);
    const earlier = new Set(scope);
    for (const entry of entries) {
      this.visit(entry.ctequery, clause.recursive === true ? all : new Set(earlier), mode);
      earlier.add(entry.ctename ?? "");
    }
    return all;
  }

  /** The target of a writing statement, locked to be written, and the columns that it sets. */
  #writes(statement: Tree): void {
    const target = statement["relation"] as RangeVar | undefined;
    const name = relationName(target);
    this.locks.push(lock(name, "ROW EXCLUSIVE"));
    const columns = [
      ...targetsOf(statement["cols"]),
      ...("cols" in statement ? [] : targetsOf(statement["targetList"])),
    ];
    this.needs.push(...columns.map((column) => referenceOf("column", name, column)));
  }
}

/** `FOR UPDATE` and its kin lock the relations of their own FROM clause. */
function modeWithin(tree: Tree, key: string, mode: LockMode): LockMode {
  if (key === "fromClause" && Array.isArray(tree["lockingClause"])) return "ROW SHARE";
  return mode;
}

function targetsOf(targets: unknown): readonly string[] {
  return contentsOf((targets ?? []) as readonly Node[], "ResTarget").flatMap((target) => target.name ?? []);
}

function sequenceNamedBy(argument: Node | undefined): QualifiedName | null {
  const constant: A_Const | undefined =
    contentOf(argument, "A_Const") ?? contentOf(contentOf(argument, "TypeCast")?.arg, "A_Const");
  const text = constant?.sval?.sval;
  if (text === undefined || text.includes('"')) return null;
  return nameFromParts(text.toLowerCase().split("."));
}

function columnsOfSingleRelation(part: unknown, reader: Reader): readonly ObjectReference[] {
  const [first, ...others] = reader.locks;
  if (first === undefined || reader.hasOtherSources) return [];
  if (others.some((each) => !sameName(each.relation, first.relation)) || reader.aliases.size !== 1) return [];
  const given = columnsInExpression(part, reader.aliases);
  return given
    .filter((column) => !reader.aliases.has(column) && !SYSTEM_COLUMNS.has(column))
    .map((column) => referenceOf("column", first.relation, column));
}
