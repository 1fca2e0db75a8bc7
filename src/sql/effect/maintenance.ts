import type { ClusterStmt, ReindexStmt, VacuumStmt } from "libpg-query";
import { contentsOf, stringsOf } from "../node.js";
import { hasOption, isSwitchedOff } from "./cluster.js";
import type { EffectsDraft } from "./effects.js";
import type { LockMode } from "./lock-mode.js";
import { globalReference, lock, reference, referenceOf, relationName } from "./relation.js";
import type { EffectRules } from "./rules.js";

/** Statements that change how rows are stored and nothing that a query sees. */
export const maintenanceRules: EffectRules = {
  VacuumStmt: vacuum,
  ClusterStmt: cluster,
  ReindexStmt: reindex,
  CheckPointStmt: () => ({ command: "CHECKPOINT", nature: "utility" }),
};

/** VACUUM runs in transactions of its own; ANALYZE alone may stand in another. */
function vacuum({ rels, options, is_vacuumcmd }: VacuumStmt): EffectsDraft {
  const full = hasOption(options, "full") && !isSwitchedOff(options, "full");
  const mode: LockMode = full ? "ACCESS EXCLUSIVE" : "SHARE UPDATE EXCLUSIVE";
  const tables = contentsOf(rels, "VacuumRelation").map(({ relation, va_cols }) => ({
    name: relationName(relation),
    columns: stringsOf(va_cols),
  }));
  const vacuums = is_vacuumcmd === true;
  return {
    command: vacuums ? `VACUUM${full ? " FULL" : ""}` : "ANALYZE",
    nature: "utility",
    transaction: vacuums ? "outside" : "inside",
    needs: tables.flatMap(({ name, columns }) => [
      reference("table", name),
      ...columns.map((column) => referenceOf("column", name, column)),
    ]),
    locks: tables.map(({ name }) => lock(name, mode)),
  };
}

/** Without a table it goes through all that were clustered before, each in a transaction of its own. */
function cluster({ relation, indexname }: ClusterStmt): EffectsDraft {
  if (relation === undefined) return { command: "CLUSTER", nature: "utility", transaction: "outside" };
  const table = relationName(relation);
  return {
    command: "CLUSTER",
    nature: "utility",
    needs: [reference("table", table), ...(indexname === undefined ? [] : [referenceOf("index", table, indexname)])],
    locks: [lock(table, "ACCESS EXCLUSIVE")],
  };
}

/** REINDEX INDEX also takes SHARE on the index's table, which only the catalog knows (manual, REINDEX). */
function reindex({ kind, relation, name, params }: ReindexStmt): EffectsDraft {
  const concurrently = hasOption(params, "concurrently") && !isSwitchedOff(params, "concurrently");
  const words = (kind ?? "").replace("REINDEX_OBJECT_", "");
  const draft = { command: `REINDEX ${words}${concurrently ? " CONCURRENTLY" : ""}`, nature: "utility" } as const;
  if (relation === undefined) {
    const schema = kind === "REINDEX_OBJECT_SCHEMA" ? [globalReference("schema", name)] : [];
    return { ...draft, transaction: "outside", needs: schema };
  }
  const target = relationName(relation);
  const isIndex = kind === "REINDEX_OBJECT_INDEX";
  const blocking: LockMode = isIndex ? "ACCESS EXCLUSIVE" : "SHARE";
  return {
    ...draft,
    transaction: concurrently ? "outside" : "inside",
    needs: [reference(isIndex ? "index" : "table", target)],
    locks: [lock(target, concurrently ? "SHARE UPDATE EXCLUSIVE" : blocking)],
  };
}
