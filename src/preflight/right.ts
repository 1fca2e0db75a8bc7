import type { Effects, LockMode } from "../sql/effects.js";

/** What a role must have on a relation. `owner`: own it, or be a member of the role that does; `maintain`: that, or MAINTAIN (PostgreSQL 17). */
export type Right =
  "owner" | "maintain" | "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "TRUNCATE" | "REFERENCES" | "TRIGGER";

const maintaining = /^(VACUUM|ANALYZE|CLUSTER|REINDEX|REFRESH MATERIALIZED VIEW)\b/;
const writing: readonly string[] = ["INSERT", "UPDATE", "DELETE"];

/**
 * The right that a statement wants on the relation of its lock number `index` (manual, 5.8 Privileges, and "Notes" of each command's page); null where a lack
 * of it is no error, or the text does not tell which one it is.
 */
export function rightFor(effects: Effects, mode: LockMode, index: number): Right | null {
  const { command, nature } = effects;
  if (maintaining.test(command)) return "maintain";
  if (/^(GRANT|REVOKE|LOCK TABLE|COPY)\b/.test(command)) return null;
  if (command === "TRUNCATE") return "TRUNCATE";
  const reads = mode === "ACCESS SHARE" || mode === "ROW SHARE";
  if (reads) return "SELECT";
  if (nature !== "schema") return writing.includes(command) ? (command as Right) : null;
  if (command === "CREATE TRIGGER") return "TRIGGER";
  // The other table of a foreign key; of ALTER TABLE the first lock is the altered table's.
  const isOther = !command.startsWith("ALTER TABLE") || index > 0;
  return mode === "SHARE ROW EXCLUSIVE" && isOther && /^(ALTER|CREATE) TABLE\b/.test(command) ? "REFERENCES" : "owner";
}
