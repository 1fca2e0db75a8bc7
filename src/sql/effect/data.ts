import type { CopyStmt, LockStmt, SelectStmt } from "libpg-query";
import { contentOf, contentsOf, kindOf, type Node } from "../node.js";
import type { EffectsDraft, StatementNature } from "./effects.js";
import { LOCK_MODES } from "./lock-mode.js";
import { readingOf } from "./reading.js";
import { lock, reference, referenceOf, relationName } from "./relation.js";
import type { EffectRules } from "./rules.js";

/** Statements that read and write rows. */
export const dataRules: EffectRules = {
  InsertStmt: (content) => ({ command: "INSERT", nature: "data", ...readingOf({ InsertStmt: content }) }),
  UpdateStmt: (content) => ({ command: "UPDATE", nature: "data", ...readingOf({ UpdateStmt: content }) }),
  DeleteStmt: (content) => ({ command: "DELETE", nature: "data", ...readingOf({ DeleteStmt: content }) }),
  MergeStmt: (content) => ({ command: "MERGE", nature: "data", ...readingOf({ MergeStmt: content }) }),
  SelectStmt: select,
  CopyStmt: copy,
  TruncateStmt: ({ relations, behavior }) => {
    const names = contentsOf(relations, "RangeVar").map(relationName);
    return {
      command: "TRUNCATE",
      nature: "data",
      cascade: behavior === "DROP_CASCADE",
      needs: names.map((name) => reference("table", name)),
      locks: names.map((name) => lock(name, "ACCESS EXCLUSIVE")),
    };
  },
  RefreshMatViewStmt: ({ relation, concurrent }) => {
    const name = relationName(relation);
    return {
      command: "REFRESH MATERIALIZED VIEW",
      nature: "data",
      needs: [reference("materialized view", name)],
      locks: [lock(name, concurrent === true ? "EXCLUSIVE" : "ACCESS EXCLUSIVE")],
    };
  },
  LockStmt: lockTables,
  DeclareCursorStmt: ({ query }) => ({ command: "DECLARE", nature: "query", ...readingOf(query) }),
  FetchStmt: () => ({ command: "FETCH", nature: "query" }),
  ClosePortalStmt: () => ({ command: "CLOSE", nature: "query" }),
  ExplainStmt: ({ query, options }) => {
    const executes = contentsOf(options, "DefElem").some((option) => option.defname === "analyze");
    return { command: "EXPLAIN", nature: executes ? natureOfQuery(query) : "query", ...readingOf(query) };
  },
  DoStmt: () => ({ command: "DO", nature: "utility" }),
  CallStmt: ({ funccall }) => {
    const { needs, locks } = readingOf(funccall);
    const [procedure, ...rest] = needs;
    const called = procedure === undefined ? [] : [{ ...procedure, kind: "procedure" as const }];
    return { command: "CALL", nature: "utility", needs: [...called, ...rest], locks };
  },
};

function select(content: SelectStmt): EffectsDraft {
  const into = content.intoClause?.rel;
  if (into !== undefined) {
    const { intoClause: _made, ...query } = content;
    const created = [reference("table", relationName(into))];
    return { command: "SELECT INTO", nature: "schema", creates: created, ...readingOf({ SelectStmt: query }) };
  }
  const node = { SelectStmt: content };
  return {
    command: content.valuesLists === undefined ? "SELECT" : "VALUES",
    nature: natureOfQuery(node),
    ...readingOf(node),
  };
}

/** A query is data where a part of its WITH clause writes. */
function natureOfQuery(query: Node | undefined): StatementNature {
  const kind = kindOf(query);
  if (kind !== "SelectStmt") return kind === "CreateTableAsStmt" ? "schema" : "data";
  const entries = contentsOf(contentOf(query, "SelectStmt")?.withClause?.ctes, "CommonTableExpr");
  return entries.some((entry) => natureOfQuery(entry.ctequery) === "data") ? "data" : "query";
}

function copy({ relation, query, attlist, is_from }: CopyStmt): EffectsDraft {
  const into = is_from === true;
  const draft = { command: into ? "COPY FROM" : "COPY TO", nature: into ? "data" : "query" } as const;
  if (relation === undefined) return { ...draft, ...readingOf(query) };
  const name = relationName(relation);
  const columns = contentsOf(attlist, "String").map((column) => referenceOf("column", name, column.sval));
  return {
    ...draft,
    needs: [reference("table", name), ...columns],
    locks: [lock(name, into ? "ROW EXCLUSIVE" : "ACCESS SHARE")],
  };
}

function lockTables({ relations, mode }: LockStmt): EffectsDraft {
  const names = contentsOf(relations, "RangeVar").map(relationName);
  const lockMode = LOCK_MODES[(mode ?? LOCK_MODES.length) - 1] ?? "ACCESS EXCLUSIVE";
  return {
    command: "LOCK TABLE",
    nature: "utility",
    needs: names.map((name) => reference("table", name)),
    locks: names.map((name) => lock(name, lockMode)),
  };
}
