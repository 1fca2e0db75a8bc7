import type { AlterTableCmd, AlterTableType } from "libpg-query";
import { contentOf, contentsOf } from "../node.js";
import { strongerLock, type LockMode } from "./lock-mode.js";

/** Subcommands that take less than ACCESS EXCLUSIVE on their table (PostgreSQL manual, ALTER TABLE; Explicit Locking). */
const WEAKER_LOCKS: Partial<Record<AlterTableType, LockMode>> = {
  AT_SetStatistics: "SHARE UPDATE EXCLUSIVE",
  AT_SetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ResetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ClusterOn: "SHARE UPDATE EXCLUSIVE",
  AT_DropCluster: "SHARE UPDATE EXCLUSIVE",
  AT_ValidateConstraint: "SHARE UPDATE EXCLUSIVE",
  AT_AttachPartition: "SHARE UPDATE EXCLUSIVE",
  AT_DetachPartitionFinalize: "SHARE UPDATE EXCLUSIVE",
  AT_EnableTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableAlwaysTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableReplicaTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigUser: "SHARE ROW EXCLUSIVE",
  AT_DisableTrig: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigUser: "SHARE ROW EXCLUSIVE",
};

/** Storage parameters that change what readers do, so that these have to be kept out; all others take SHARE UPDATE EXCLUSIVE. */
const EXCLUSIVE_OPTIONS: ReadonlySet<string> = new Set([
  "autosummarize",
  "buffering",
  "check_option",
  "fastupdate",
  "gin_pending_list_limit",
  "pages_per_range",
  "security_barrier",
  "security_invoker",
  "user_catalog_table",
]);

/** The lock that an ALTER TABLE takes on its table: that of its strongest subcommand. */
export function alterLockMode(commands: readonly AlterTableCmd[]): LockMode {
  return commands.map(commandLockMode).reduce(strongerLock, "SHARE UPDATE EXCLUSIVE");
}

function commandLockMode({ subtype, def }: AlterTableCmd): LockMode {
  switch (subtype) {
    case undefined:
      return "ACCESS EXCLUSIVE";
    case "AT_AddConstraint":
      return contentOf(def, "Constraint")?.contype === "CONSTR_FOREIGN" ? "SHARE ROW EXCLUSIVE" : "ACCESS EXCLUSIVE";
    case "AT_DetachPartition":
      return contentOf(def, "PartitionCmd")?.concurrent === true ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE";
    case "AT_SetRelOptions":
    case "AT_ResetRelOptions": {
      const options = contentsOf(contentOf(def, "List")?.items, "DefElem");
      const exclusive = options.some(({ defname }) => EXCLUSIVE_OPTIONS.has(defname ?? ""));
      return exclusive ? "ACCESS EXCLUSIVE" : "SHARE UPDATE EXCLUSIVE";
    }
    default:
      return WEAKER_LOCKS[subtype] ?? "ACCESS EXCLUSIVE";
  }
}
