import type { CreateStmt, CreateStatsStmt, CreateTableAsStmt, DefElem, IndexStmt, ViewStmt } from "libpg-query";
import { contentOf, contentsOf, stringsOf, type Node } from "../node.js";
import { sameName, type QualifiedName } from "../name.js";
import type { EffectsDraft } from "./effects.js";
import { columnsInExpression } from "./expression.js";
import { readingOf } from "./reading.js";
import { lock, nameFromNodes, nameFromParts, reference, referenceOf, relationName } from "./relation.js";
import type { EffectRules } from "./rules.js";
import { indexedColumns, joinParts, NO_EFFECTS, tableElementPart, type EffectsPart } from "./table-element.js";
import { typeReferences } from "./type-name.js";

/** CREATE of what has a row in pg_class, and of the statistics on it. */
export const createRelationRules: EffectRules = {
  CreateStmt: (content) => createTable("CREATE TABLE", "table", content),
  CreateForeignTableStmt: ({ base, servername }) => {
    const draft = createTable("CREATE FOREIGN TABLE", "foreign table", base ?? {});
    const server = { kind: "server", schema: null, name: servername ?? "" } as const;
    return { ...draft, needs: [...(draft.needs ?? []), server] };
  },
  CreateTableAsStmt: createTableAs,
  ViewStmt: createView,
  IndexStmt: createIndex,
  CreateStatsStmt: createStatistics,
  CreateSeqStmt: ({ sequence, options, if_not_exists }) => ({
    command: "CREATE SEQUENCE",
    nature: "schema",
    ifNotExists: if_not_exists === true,
    creates: [reference("sequence", relationName(sequence))],
    ...ownerColumnOf(options),
  }),
};

function createTable(command: string, kind: "table" | "foreign table", content: CreateStmt): EffectsDraft {
  const table = relationName(content.relation);
  const elements = [...(content.tableElts ?? []), ...(content.constraints ?? [])];
  const parts = joinParts([
    { ...NO_EFFECTS, creates: [reference(kind, table)], needs: typeReferences(content.ofTypename) },
    parentsPart(content),
    ...elements.map((element) => tableElementPart(table, element)),
    ...contentsOf(content.partspec?.partParams, "PartitionElem").map(({ expr }) => readingPart(expr)),
  ]);
  // A table that refers to itself needs and locks nothing that was there before.
  return {
    command: content.partbound === undefined ? command : `${command} PARTITION OF`,
    nature: "schema",
    ifNotExists: content.if_not_exists === true,
    ...parts,
    needs: parts.needs.filter((need) => !isPartOf(need, table)),
    locks: parts.locks.filter(({ relation }) => !sameName(relation, table)),
  };
}

/** A partition's parent is locked against all others, a parent of plain inheritance only against other changes of its columns. */
function parentsPart({ inhRelations, partbound }: CreateStmt): EffectsPart {
  const mode = partbound === undefined ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE";
  const parents = contentsOf(inhRelations, "RangeVar").map(relationName);
  return {
    ...NO_EFFECTS,
    needs: parents.map((parent) => reference("table", parent)),
    locks: parents.map((parent) => lock(parent, mode)),
  };
}

function createTableAs({ query, into, objtype, if_not_exists }: CreateTableAsStmt): EffectsDraft {
  const kind = objtype === "OBJECT_MATVIEW" ? "materialized view" : "table";
  return {
    command: kind === "table" ? "CREATE TABLE AS" : "CREATE MATERIALIZED VIEW",
    nature: "schema",
    ifNotExists: if_not_exists === true,
    creates: [reference(kind, relationName(into?.rel))],
    ...readingOf(query),
  };
}

/** A view that is replaced is locked against all others; one that is new is not there to be locked. */
function createView({ view, query, replace }: ViewStmt): EffectsDraft {
  const name = relationName(view);
  const { needs, locks } = readingOf(query);
  const replaced = replace === true ? [lock(name, "ACCESS EXCLUSIVE")] : [];
  return {
    command: replace === true ? "CREATE OR REPLACE VIEW" : "CREATE VIEW",
    nature: "schema",
    creates: [reference("view", name)],
    needs,
    locks: [...locks, ...replaced],
  };
}

function createIndex(content: IndexStmt): EffectsDraft {
  const table = relationName(content.relation);
  const concurrent = content.concurrent === true;
  const elements = [...(content.indexParams ?? []), ...(content.indexIncludingParams ?? [])];
  const columns = [
    ...contentsOf(elements, "IndexElem").flatMap(indexedColumns),
    ...columnsInExpression(content.whereClause),
  ];
  const read = readingOf([elements, content.whereClause]);
  return {
    command: `CREATE ${content.unique === true ? "UNIQUE " : ""}INDEX${concurrent ? " CONCURRENTLY" : ""}`,
    nature: "schema",
    transaction: concurrent ? "outside" : "inside",
    ifNotExists: content.if_not_exists === true,
    creates: content.idxname === undefined ? [] : [referenceOf("index", table, content.idxname)],
    needs: [reference("table", table), ...columns.map((column) => referenceOf("column", table, column)), ...read.needs],
    locks: [lock(table, concurrent ? "SHARE UPDATE EXCLUSIVE" : "SHARE")],
  };
}

function createStatistics({ defnames, exprs, relations, if_not_exists }: CreateStatsStmt): EffectsDraft {
  const tables = contentsOf(relations, "RangeVar").map(relationName);
  const elements = contentsOf(exprs, "StatsElem");
  const columns = elements.flatMap(({ name, expr }) => (name === undefined ? columnsInExpression(expr) : [name]));
  return {
    command: "CREATE STATISTICS",
    nature: "schema",
    ifNotExists: if_not_exists === true,
    creates: defnames === undefined ? [] : [reference("statistics", nameFromNodes(defnames))],
    needs: tables.flatMap((table) => [
      reference("table", table),
      ...columns.map((column) => referenceOf("column", table, column)),
    ]),
    locks: tables.map((table) => lock(table, "SHARE UPDATE EXCLUSIVE")),
  };
}

/** `OWNED BY table.column` of a sequence. */
export function ownerColumnOf(options: readonly Node[] | undefined): Pick<EffectsPart, "needs" | "locks"> {
  const owned = contentsOf(options, "DefElem").find((option: DefElem) => option.defname === "owned_by");
  const parts = stringsOf(contentOf(owned?.arg, "List")?.items);
  if (parts.length < 2) return { needs: [], locks: [] };
  const table = nameFromParts(parts.slice(0, -1));
  return {
    needs: [reference("table", table), referenceOf("column", table, parts.at(-1))],
    locks: [lock(table, "ACCESS SHARE")],
  };
}

function readingPart(expression: Node | undefined): EffectsPart {
  return { ...NO_EFFECTS, ...readingOf(expression) };
}

function isPartOf(
  need: { readonly schema: string | null; readonly name: string; readonly of?: string },
  table: QualifiedName,
): boolean {
  return need.schema === table.schema && (need.of ?? need.name) === table.name;
}
