import type { Verification } from "../../../plan/step.js";
import { quoteQualified } from "../../../sql/quote.js";
import type { Session } from "../../session/session.js";
import { reindexLeftovers } from "./standing.js";

/**
 * Removes what a statement outside a transaction has left when it was cut off; a detached partition is taken out for good, since nothing else can be done with one
 * that is neither in nor out. Gives what was done, for people; null where nothing was.
 */
export async function clearLeftover(session: Session, verification: Verification): Promise<string | null> {
  switch (verification.kind) {
    case "index-valid": {
      const index = quoteQualified(verification.index);
      await session.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`);
      return `dropped the INVALID index ${index} that was left half-built`;
    }
    case "reindexed": {
      const left = await reindexLeftovers(session, verification.relation);
      for (const index of left) await session.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`);
      return left.length === 0 ? null : `dropped ${left.join(", ")}, left by a REINDEX that was cut off`;
    }
    case "detached": {
      const [parent, partition] = [quoteQualified(verification.parent), quoteQualified(verification.partition)];
      await session.query(`ALTER TABLE ${parent} DETACH PARTITION ${partition} FINALIZE`);
      return `finished detaching ${partition} from ${parent}, which was left half-done`;
    }
    case "index-gone":
    case "none":
      return null;
  }
}
