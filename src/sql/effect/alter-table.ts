import type { AlterTableCmd, AlterTableStmt, AlterTableType, ObjectType } from "libpg-query";
import { contentOf, contentsOf } from "../node.js";
import type { QualifiedName } from "../name.js";
import { alterLockMode } from "./alter-table-lock.js";
import type { Effects, EffectsDraft } from "./effects.js";
import type { ObjectKind, ObjectReference } from "./object-reference.js";
import { objectKindOf, objectWords } from "./object-type.js";
import { readingOf } from "./reading.js";
import { globalReference, lock, reference, referenceOf, relationName } from "./relation.js";
import type { EffectRules } from "./rules.js";
import { columnPart, constraintPart, joinParts, NO_EFFECTS, type EffectsPart } from "./table-element.js";
import { typeReferences } from "./type-name.js";

/** ALTER TABLE and what shares its grammar: indexes, views, sequences, foreign tables and the attributes of composite types. */
export const alterTableRules: EffectRules = { AlterTableStmt: alterTable };

/** What people call the subcommand; those that are missing are named after the parser's own name for them. */
const WORDS: Partial<Record<AlterTableType, string>> = {
  AT_AlterColumnType: "ALTER COLUMN TYPE",
  AT_AttachPartition: "ATTACH PARTITION",
  AT_ChangeOwner: "OWNER TO",
  AT_ClusterOn: "CLUSTER ON",
  AT_DetachPartition: "DETACH PARTITION",
  AT_DetachPartitionFinalize: "DETACH PARTITION FINALIZE",
  AT_DropCluster: "SET WITHOUT CLUSTER",
  AT_DropOids: "SET WITHOUT OIDS",
  AT_GenericOptions: "OPTIONS",
  AT_AddInherit: "INHERIT",
  AT_DropInherit: "NO INHERIT",
  AT_AddOf: "OF",
  AT_DropOf: "NOT OF",
  AT_EnableRowSecurity: "ENABLE ROW LEVEL SECURITY",
  AT_DisableRowSecurity: "DISABLE ROW LEVEL SECURITY",
  AT_ForceRowSecurity: "FORCE ROW LEVEL SECURITY",
  AT_NoForceRowSecurity: "NO FORCE ROW LEVEL SECURITY",
  AT_SetRelOptions: "SET",
  AT_ResetRelOptions: "RESET",
  AT_SetLogged: "SET LOGGED",
  AT_SetUnLogged: "SET UNLOGGED",
  AT_SetTableSpace: "SET TABLESPACE",
  AT_ReplicaIdentity: "REPLICA IDENTITY",
};

function alterTable({ relation, cmds, objtype, missing_ok }: AlterTableStmt): EffectsDraft {
  const table = relationName(relation);
  const commands = contentsOf(cmds, "AlterTableCmd");
  const part = joinParts([
    { ...NO_EFFECTS, needs: [reference(objectKindOf(objtype), table)] },
    ...commands.map((command) => commandPart(table, objtype, command)),
  ]);
  const mode = alterLockMode(commands);
  const isLocked = objtype !== "OBJECT_TYPE";
  return {
    command: `ALTER ${objectWords(objtype)} ${[...new Set(commands.map((each) => wordsOf(each, objtype)))].join(", ")}`,
    nature: "schema",
    transaction: transactionOf(commands),
    ifExists: missing_ok === true || commands.some((command) => command.missing_ok === true && isDrop(command)),
    ifNotExists: commands.some((command) => command.missing_ok === true && !isDrop(command)),
    cascade: commands.some((command) => command.behavior === "DROP_CASCADE"),
    ...part,
    locks: isLocked ? [lock(table, mode), ...part.locks] : part.locks,
  };
}

/** A validation scans the table: together with the ADD … NOT VALID before it, it would do so under the lock of that (manual, ALTER TABLE, Notes). */
function transactionOf(commands: readonly AlterTableCmd[]): Effects["transaction"] {
  if (commands.some(isConcurrent)) return "outside";
  return commands.every(({ subtype }) => subtype === "AT_ValidateConstraint") ? "own" : "inside";
}

function wordsOf(command: AlterTableCmd, type: ObjectType | undefined): string {
  const { subtype, def } = command;
  if (subtype === "AT_ColumnDefault") return `ALTER COLUMN ${def === undefined ? "DROP" : "SET"} DEFAULT`;
  const known = WORDS[subtype ?? "AT_DropOids"];
  const words = known ?? splitWords((subtype ?? "").replace("AT_", "").replace(/Trig(?=$|[AU])/, "Trigger"));
  if (isConcurrent(command)) return `${words} CONCURRENTLY`;
  return type === "OBJECT_TYPE" ? words.replace("COLUMN", "ATTRIBUTE") : words;
}

function splitWords(name: string): string {
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ").toUpperCase();
}

function isConcurrent(command: AlterTableCmd): boolean {
  return contentOf(command.def, "PartitionCmd")?.concurrent === true;
}

function isDrop({ subtype }: AlterTableCmd): boolean {
  return (
    subtype === "AT_DropColumn" ||
    subtype === "AT_DropConstraint" ||
    subtype === "AT_DropIdentity" ||
    subtype === "AT_DropExpression"
  );
}

function commandPart(table: QualifiedName, type: ObjectType | undefined, command: AlterTableCmd): EffectsPart {
  const { subtype, name, def } = command;
  switch (subtype) {
    case "AT_AddColumn":
      return columnPart(table, contentOf(def, "ColumnDef") ?? {});
    case "AT_AddConstraint":
      return constraintPart(table, contentOf(def, "Constraint") ?? {});
    case "AT_DropColumn":
      return dropPart(referenceOf("column", table, name), command);
    case "AT_DropConstraint":
      return dropPart(referenceOf("constraint", table, name), command);
    case "AT_AlterConstraint":
      return needing(referenceOf("constraint", table, contentOf(def, "ATAlterConstraint")?.conname));
    case "AT_ValidateConstraint":
      return needing(referenceOf("constraint", table, name));
    case "AT_ReplicaIdentity": {
      const index = contentOf(def, "ReplicaIdentityStmt")?.name;
      return index === undefined ? NO_EFFECTS : needing(referenceOf("index", table, index));
    }
    case "AT_ClusterOn":
      return needing(referenceOf("index", table, name));
    case "AT_AlterColumnType": {
      const column = contentOf(def, "ColumnDef");
      const read = readingOf(column?.raw_default);
      return {
        ...NO_EFFECTS,
        ...read,
        needs: [referenceOf("column", table, name), ...typeReferences(column?.typeName), ...read.needs],
      };
    }
    case "AT_ChangeOwner":
      return command.newowner?.rolename === undefined
        ? NO_EFFECTS
        : needing(globalReference("role", command.newowner.rolename));
    case "AT_AttachPartition":
    case "AT_DetachPartition":
    case "AT_DetachPartitionFinalize":
      return partitionPart(objectKindOf(type), command);
    case "AT_AddInherit":
    case "AT_DropInherit": {
      const parent = relationName(contentOf(def, "RangeVar"));
      return { ...needing(reference("table", parent)), locks: [lock(parent, "SHARE UPDATE EXCLUSIVE")] };
    }
    default:
      return otherPart(table, command);
  }
}

/** The partition is locked against all others, however gently its parent is treated (manual, ALTER TABLE). */
function partitionPart(kind: ObjectKind, { def }: AlterTableCmd): EffectsPart {
  const partition = relationName(contentOf(def, "PartitionCmd")?.name);
  return { ...needing(reference(kind, partition)), locks: [lock(partition, "ACCESS EXCLUSIVE")] };
}

/** Triggers, rules, and all that is said about a single column. */
function otherPart(table: QualifiedName, { subtype, name, def }: AlterTableCmd): EffectsPart {
  if (name === undefined) return NO_EFFECTS;
  const words = subtype ?? "";
  if (words.endsWith("Trig")) return needing(referenceOf("trigger", table, name));
  if (words.endsWith("Rule")) return needing(referenceOf("rule", table, name));
  if (words === "AT_SetTableSpace") return needing(globalReference("tablespace", name));
  if (words === "AT_SetAccessMethod") return needing(globalReference("access method", name));
  const read = readingOf(def);
  return { ...NO_EFFECTS, ...read, needs: [referenceOf("column", table, name), ...read.needs] };
}

function needing(object: ObjectReference): EffectsPart {
  return { ...NO_EFFECTS, needs: [object] };
}

function dropPart(object: ObjectReference, { missing_ok }: AlterTableCmd): EffectsPart {
  return { ...NO_EFFECTS, drops: [object], needs: missing_ok === true ? [] : [object] };
}
