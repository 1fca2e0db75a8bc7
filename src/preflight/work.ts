import type { Effects } from "../sql/effects.js";
import { contentOf, contentsOf, stringsOf, type NodeContent } from "../sql/node.js";
import { quoteQualified } from "../sql/quote.js";
import type { Statement } from "../sql/statement.js";

/** Work that needs room on the disk, as far as the text tells: only the server knows whether a new type or a default really rewrites. */
export interface Work {
  /** `rewrite`: the table with its indexes is written anew. `index`: an index is built. `update`: new versions of rows are written. */
  readonly kind: "rewrite" | "index" | "update";
  /** As the statement names it, quoted. */
  readonly relation: string;
}

type Command = NodeContent<"AlterTableCmd">;

const rewriting: ReadonlySet<string> = new Set([
  "AT_AlterColumnType", "AT_SetLogged", "AT_SetUnLogged", "AT_SetTableSpace", "AT_SetAccessMethod", "AT_SetExpression",
]); // prettier-ignore

/** Their value is the same for all rows of a statement: a default of theirs is stored once (manual, ALTER TABLE, Notes). */
const stableFunctions: ReadonlySet<string> = new Set(["now", "transaction_timestamp", "statement_timestamp"]);

/** What a statement writes in proportion to a table's size (manual, ALTER TABLE, Notes). */
export function workOf({ node }: Statement, effects: Effects): readonly Work[] {
  const [first] = effects.locks;
  if (first === undefined) return [];
  const relation = quoteQualified(first.relation);
  return kindsOf(node, effects).map((kind) => ({ kind, relation }));
}

function kindsOf(node: Statement["node"], { command }: Effects): readonly Work["kind"][] {
  if (contentOf(node, "IndexStmt") !== undefined || command.startsWith("REINDEX")) return ["index"];
  if (/^(VACUUM FULL|CLUSTER|REFRESH MATERIALIZED VIEW)/.test(command)) return ["rewrite"];
  if (command === "UPDATE") return ["update"];
  const alter = contentOf(node, "AlterTableStmt");
  const commands = contentsOf(alter?.cmds, "AlterTableCmd");
  if (commands.some(rewrites)) return ["rewrite"];
  return commands.some(buildsIndex) ? ["index"] : [];
}

function rewrites(command: Command): boolean {
  if (rewriting.has(command.subtype ?? "")) return true;
  const column = command.subtype === "AT_AddColumn" ? contentOf(command.def, "ColumnDef") : undefined;
  if (column === undefined) return false;
  const type = stringsOf(column.typeName?.names).at(-1) ?? "";
  return /^(small|big)?serial[248]?$/.test(type) || contentsOf(column.constraints, "Constraint").some(fillsRows);
}

/** A value of its own for each row: an identity, a generated column, or a default that calls a function which may be volatile. */
function fillsRows({ contype, raw_expr }: NodeContent<"Constraint">): boolean {
  if (contype === "CONSTR_IDENTITY" || contype === "CONSTR_GENERATED") return true;
  if (contype !== "CONSTR_DEFAULT") return false;
  return functionsIn(raw_expr).some((name) => !stableFunctions.has(name));
}

function functionsIn(part: unknown): readonly string[] {
  if (typeof part !== "object" || part === null) return [];
  const call = contentOf(part as Statement["node"], "FuncCall");
  const own = call === undefined ? [] : [stringsOf(call.funcname).at(-1) ?? ""];
  return [...own, ...Object.values(part).flatMap(functionsIn)];
}

function buildsIndex({ subtype, def }: Command): boolean {
  const indexed = (constraint: NodeContent<"Constraint"> | undefined): boolean =>
    ["CONSTR_PRIMARY", "CONSTR_UNIQUE", "CONSTR_EXCLUSION"].includes(constraint?.contype ?? "") &&
    constraint?.indexname === undefined;
  if (subtype === "AT_AddConstraint") return indexed(contentOf(def, "Constraint"));
  return subtype === "AT_AddColumn" && contentsOf(contentOf(def, "ColumnDef")?.constraints, "Constraint").some(indexed);
}
