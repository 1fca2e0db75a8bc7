import { effectsOf, type Effects } from "./effects.js";
import { inverseOfAlterDomain, inverseOfAlterPublication } from "./inverse/alter-object.js";
import { inverseOfAlterTable } from "./inverse/alter-table.js";
import { inverseOfCreate, isCreate } from "./inverse/create.js";
import { noWayBack, NOTHING_TO_TAKE_BACK, type Inverse, type InverseRules } from "./inverse/inverse.js";
import { inverseOfAlterEnum, inverseOfRename, inverseOfSetSchema } from "./inverse/rename.js";
import { kindOf, type NodeKind } from "./node.js";
import type { Statement } from "./statement.js";

export type { Inverse } from "./inverse/inverse.js";

const RULES: InverseRules = {
  AlterTableStmt: inverseOfAlterTable,
  RenameStmt: inverseOfRename,
  AlterObjectSchemaStmt: inverseOfSetSchema,
  AlterEnumStmt: inverseOfAlterEnum,
  AlterDomainStmt: inverseOfAlterDomain,
  AlterPublicationStmt: inverseOfAlterPublication,
  AlterOwnerStmt: () => noWayBack("The statement does not tell who owned it before."),
  CommentStmt: () => noWayBack("The statement does not tell which comment was there before."),
  SecLabelStmt: () => noWayBack("The statement does not tell which label was there before."),
  GrantStmt: () => noWayBack("The statement does not tell which privileges were there before."),
  GrantRoleStmt: () => noWayBack("The statement does not tell which memberships were there before."),
  AlterDefaultPrivilegesStmt: () =>
    noWayBack("The statement does not tell which default privileges were there before."),
  InsertStmt: () => noWayBack("Which rows it added cannot be told from the statement."),
  UpdateStmt: () => noWayBack("The values that it overwrites are not in the statement."),
  DeleteStmt: () => noWayBack("The rows that it deletes are not in the statement."),
  MergeStmt: () => noWayBack("The rows and values that it changes are not in the statement."),
  TruncateStmt: () => noWayBack("The rows that it removes are not in the statement."),
  CopyStmt: ({ is_from }) =>
    is_from === true ? noWayBack("Which rows it added cannot be told from the statement.") : NOTHING_TO_TAKE_BACK,
  RefreshMatViewStmt: () => noWayBack("The rows that the materialized view held before are not in the statement."),
  DoStmt: () => noWayBack("What a DO block does cannot be told from its text."),
  CallStmt: () => noWayBack("What a procedure does cannot be told from its call."),
  ExecuteStmt: () => noWayBack("What a prepared statement does cannot be told from its name."),
  ClusterStmt: ({ indexname }) =>
    indexname === undefined
      ? NOTHING_TO_TAKE_BACK
      : noWayBack("The statement does not tell which index the table was clustered on before."),
};

const TRANSACTION_CONTROL = "It steers the transaction that it stands in, which is not a change to take back.";

/** Statements that leave nothing in the database that a later query could see. */
const WITHOUT_TRACE: ReadonlySet<NodeKind> = new Set<NodeKind>([
  "CheckPointStmt",
  "LockStmt",
  "NotifyStmt",
  "ReindexStmt",
  "VacuumStmt",
]);

/**
 * The way back that follows from the statement alone: what it makes, the way back removes; what it switches or renames, the way back
 * switches or renames again. Where it drops or overwrites something, only the database knows what was there, so there is none.
 *
 * It never throws.
 */
export function inverseOf(statement: Statement): Inverse {
  const { node } = statement;
  const kind = kindOf(node);
  const rule = kind === null ? undefined : (RULES[kind] as ((content: unknown) => Inverse) | undefined);
  if (kind !== null && rule !== undefined) return rule((node as Readonly<Record<string, unknown>>)[kind]);
  const effects = effectsOf(statement);
  if (effects.nature === "transaction-control") return noWayBack(TRANSACTION_CONTROL);
  if (isCreate(node) || effects.command === "SELECT INTO") return inverseOfCreate(node, effects);
  if (effects.nature === "session" || (kind !== null && WITHOUT_TRACE.has(kind))) return NOTHING_TO_TAKE_BACK;
  return effects.nature === "query" ? inverseOfQuery(effects) : inverseOfOther(effects);
}

/** A query that calls no function can only read. */
function inverseOfQuery(effects: Effects): Inverse {
  const calls = effects.needs.filter((need) => need.kind === "function");
  if (calls.length === 0) return NOTHING_TO_TAKE_BACK;
  return noWayBack(`It calls ${calls.map((call) => call.name).join(", ")}, which may do more than read.`);
}

function inverseOfOther({ command, drops, nature }: Effects): Inverse {
  const [first] = drops;
  if (first !== undefined) {
    return noWayBack(
      `The statement does not hold what it drops: the definition of the ${first.kind} ${first.name} and what belongs to it.`,
    );
  }
  if (nature === "data") return noWayBack("The rows and values that it changes are not in the statement.");
  return noWayBack(`The statement does not tell what was there before ${command}.`);
}
