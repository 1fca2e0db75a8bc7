import type { Step, Verification } from "../../../plan/step.js";
import type { QualifiedName } from "../../../sql/name.js";
import { quoteQualified } from "../../../sql/quote.js";
import type { Session } from "../../session/session.js";
import { relationExists } from "../met-objects.js";

/** What the catalog says of a statement that may have run. */
export type Standing = "done" | "not-done" | "leftover";

/**
 * Looks whether a statement outside a transaction took effect. A CREATE INDEX CONCURRENTLY that was cut off leaves an INVALID index, a REINDEX one beside the old
 * one, a DETACH CONCURRENTLY a partition that is neither in nor out (manual, CREATE INDEX, "Building Indexes Concurrently"; REINDEX; ALTER TABLE).
 */
export async function standingOf(session: Session, { verification }: Pick<Step, "verification">): Promise<Standing> {
  switch (verification.kind) {
    case "none":
      return "not-done";
    case "index-gone":
      return (await relationExists(session, quoteQualified(verification.index))) ? "not-done" : "done";
    case "index-valid":
      return indexStanding(session, verification.index);
    case "detached":
      return partitionStanding(session, verification);
    case "reindexed":
      // Whether it ran cannot be seen; that it ran twice does no harm.
      return (await reindexLeftovers(session, verification.relation)).length > 0 ? "leftover" : "not-done";
  }
}

async function indexStanding(session: Session, index: QualifiedName): Promise<Standing> {
  const [row] = await session.query<{ valid: boolean }>(
    "SELECT indisvalid AND indisready AS valid FROM pg_index WHERE indexrelid = to_regclass($1)",
    [quoteQualified(index)],
  );
  if (row === undefined) return "not-done";
  return row.valid ? "done" : "leftover";
}

async function partitionStanding(
  session: Session,
  { parent, partition }: Extract<Verification, { kind: "detached" }>,
): Promise<Standing> {
  const [row] = await session.query<{ pending: boolean }>(
    "SELECT inhdetachpending AS pending FROM pg_inherits WHERE inhparent = to_regclass($1) AND inhrelid = to_regclass($2)",
    [quoteQualified(parent), quoteQualified(partition)],
  );
  if (row === undefined) return "done";
  return row.pending ? "leftover" : "not-done";
}

/**
 * The INVALID indexes that a REINDEX CONCURRENTLY of this table or index has left: its own half-built ones, or the old ones that it could not drop any more
 * (manual, REINDEX, "Rebuilding Indexes Concurrently").
 */
export async function reindexLeftovers(session: Session, relation: QualifiedName): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT i.indexrelid::regclass::text AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' AND i.indrelid = coalesce(
       (SELECT indrelid FROM pg_index WHERE indexrelid = to_regclass($1)), to_regclass($1))`,
    [quoteQualified(relation)],
  );
  return rows.map(({ name }) => name);
}
