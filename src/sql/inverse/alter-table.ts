import type { AlterTableCmd, AlterTableStmt, AlterTableType, Constraint, ObjectType } from "libpg-query";
import { objectWords } from "../effect/object-type.js";
import { relationName } from "../effect/relation.js";
import { contentOf, contentsOf } from "../node.js";
import { quoteIdentifier, quoteQualified } from "../quote.js";
import { inverseOfSequence, noWayBack, NOTHING_TO_TAKE_BACK, wayBack, type Inverse } from "./inverse.js";

/** Subcommands that are switches of the table: each is taken back by its opposite. */
const OPPOSITES: Partial<Record<AlterTableType, string>> = {
  AT_EnableRowSecurity: "DISABLE ROW LEVEL SECURITY",
  AT_DisableRowSecurity: "ENABLE ROW LEVEL SECURITY",
  AT_ForceRowSecurity: "NO FORCE ROW LEVEL SECURITY",
  AT_NoForceRowSecurity: "FORCE ROW LEVEL SECURITY",
  AT_SetLogged: "SET UNLOGGED",
  AT_SetUnLogged: "SET LOGGED",
  AT_AddOf: "NOT OF",
};

/** Subcommands that are switches of a column. */
const COLUMN_OPPOSITES: Partial<Record<AlterTableType, string>> = {
  AT_SetNotNull: "DROP NOT NULL",
  AT_DropNotNull: "SET NOT NULL",
  AT_AddIdentity: "DROP IDENTITY",
};

/** What a subcommand replaces without saying what was there before. */
const REPLACED: Partial<Record<AlterTableType, string>> = {
  AT_AlterConstraint: "how the constraint was deferred or enforced before",
  AT_ChangeOwner: "who owned it before",
  AT_ClusterOn: "which index it was clustered on before",
  AT_ColumnDefault: "which default the column had before",
  AT_DetachPartition: "which values the partition was for",
  AT_DropCluster: "which index it was clustered on before",
  AT_DropExpression: "how the column was generated before",
  AT_DropIdentity: "how the column's identity was set up before",
  AT_DropInherit: "which of the columns were inherited only",
  AT_DropOf: "which type the table was of",
  AT_ReplicaIdentity: "which replica identity it had before",
  AT_SetAccessMethod: "which access method it had before",
  AT_SetCompression: "how the column was compressed before",
  AT_SetExpression: "how the column was generated before",
  AT_SetIdentity: "how the column's identity was set up before",
  AT_SetStatistics: "which statistics target the column had before",
  AT_SetStorage: "how the column was stored before",
  AT_SetTableSpace: "which tablespace it was in before",
};

/** The way back of ALTER TABLE: one statement for each subcommand, the last first. */
export function inverseOfAlterTable(statement: AlterTableStmt): Inverse {
  if (statement.missing_ok === true) {
    return noWayBack(
      "With IF EXISTS it may have done nothing, so what the way back would undo is not known. Leave out IF EXISTS.",
    );
  }
  const only = statement.relation?.inh !== true && statement.objtype === "OBJECT_TABLE" ? "ONLY " : "";
  const start = `ALTER ${objectWords(statement.objtype)} ${only}${quoteQualified(relationName(statement.relation))}`;
  const commands = contentsOf(statement.cmds, "AlterTableCmd");
  return inverseOfSequence(commands.map((command) => inverseOfCommand(start, statement.objtype, command)));
}

function inverseOfCommand(start: string, type: ObjectType | undefined, command: AlterTableCmd): Inverse {
  const { subtype, name, def } = command;
  switch (subtype) {
    case "AT_AddColumn":
      return type === "OBJECT_TYPE" ? dropAttribute(start, command) : dropColumn(start, command);
    case "AT_AddConstraint":
      return dropConstraint(start, contentOf(def, "Constraint") ?? {});
    case "AT_ValidateConstraint":
      return NOTHING_TO_TAKE_BACK;
    case "AT_AttachPartition":
      return inverseOfAttach(start, type, command);
    case "AT_AddInherit":
      return wayBack(`${start} NO INHERIT ${quoteQualified(relationName(contentOf(def, "RangeVar")))}`);
    case "AT_DropColumn":
      return noWayBack(`The values of the column ${name ?? ""} are gone with it; no statement brings them back.`);
    case "AT_DropConstraint":
      return noWayBack(`The statement does not hold the definition of the constraint ${name ?? ""} that it drops.`);
    case "AT_AlterColumnType":
      return noWayBack(
        `The type that the column ${name ?? ""} had before is not known, and its values may not fit it any more.`,
      );
    default:
      return inverseOfSwitch(start, command);
  }
}

function inverseOfSwitch(start: string, { subtype, name }: AlterTableCmd): Inverse {
  const opposite = subtype === undefined ? undefined : OPPOSITES[subtype];
  if (opposite !== undefined) return wayBack(`${start} ${opposite}`);
  const ofColumn = subtype === undefined ? undefined : COLUMN_OPPOSITES[subtype];
  if (ofColumn !== undefined) return wayBack(`${start} ALTER COLUMN ${quoteIdentifier(name ?? "")} ${ofColumn}`);
  const replaced = subtype === undefined ? undefined : REPLACED[subtype];
  return noWayBack(`The statement does not tell ${replaced ?? "how it was set before"}.`);
}

function dropColumn(start: string, { def, missing_ok }: AlterTableCmd): Inverse {
  const column = contentOf(def, "ColumnDef")?.colname ?? "";
  if (missing_ok === true) {
    return noWayBack(
      `With IF NOT EXISTS it may meet a column ${column} that is there already, which the way back must not remove. Leave out IF NOT EXISTS.`,
    );
  }
  return wayBack(`${start} DROP COLUMN ${quoteIdentifier(column)}`);
}

/** CASCADE reaches the tables that are made of the type, on the way back as on the way forward. */
function dropAttribute(start: string, { def, behavior }: AlterTableCmd): Inverse {
  const attribute = quoteIdentifier(contentOf(def, "ColumnDef")?.colname ?? "");
  return wayBack(`${start} DROP ATTRIBUTE ${attribute}${behavior === "DROP_CASCADE" ? " CASCADE" : ""}`);
}

/** A constraint that takes over an index takes it along when it goes, though the index was there before. */
export function dropConstraint(start: string, { conname, indexname }: Constraint): Inverse {
  if (indexname !== undefined) {
    return noWayBack(
      `The constraint takes over the index ${indexname}, and dropping the constraint would drop that index too.`,
    );
  }
  if (conname === undefined) {
    return noWayBack(
      "The constraint has no name of its own, so the way back cannot name it. Give the constraint a name: ADD CONSTRAINT name …",
    );
  }
  return wayBack(`${start} DROP CONSTRAINT ${quoteIdentifier(conname)}`);
}

/** An index that was attached to the index of a partitioned table stays attached for its lifetime. */
function inverseOfAttach(start: string, type: ObjectType | undefined, { def }: AlterTableCmd): Inverse {
  if (type === "OBJECT_INDEX") return noWayBack("PostgreSQL cannot detach the index of a partition again.");
  const partition = quoteQualified(relationName(contentOf(def, "PartitionCmd")?.name));
  return wayBack(`${start} DETACH PARTITION ${partition}`);
}
