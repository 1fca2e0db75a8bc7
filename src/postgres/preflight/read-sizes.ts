import type { SizeFacts } from "../../preflight/facts.js";
import type { Session } from "../session/session.js";
import { isLockTimeout } from "../session/sql-state.js";

/** How long the sizes may wait for somebody who holds one of the tables in full, in milliseconds. */
const lockTimeoutMs = 100;

/**
 * How large the tables with these oids are. The size functions open the table, and so wait for whoever holds it in ACCESS EXCLUSIVE: where that takes too long
 * the estimates of the last vacuum are given instead.
 */
export async function readSizes(session: Session, tables: readonly number[]): Promise<readonly SizeFacts[]> {
  if (tables.length === 0) return [];
  await session.query("BEGIN");
  try {
    await session.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
    return await ask(session, tables, exact);
  } catch (thrown) {
    if (!isLockTimeout(thrown)) throw thrown;
    await session.query("ROLLBACK");
    return await ask(session, tables, estimated);
  } finally {
    await session.query("ROLLBACK");
  }
}

async function ask(session: Session, tables: readonly number[], columns: string): Promise<readonly SizeFacts[]> {
  return session.query<SizeFacts & Record<string, unknown>>(
    `SELECT c.oid::bigint::float8 AS oid, ${columns}, nullif(pg_tablespace_location(c.reltablespace), '') AS tablespace
     FROM pg_class c WHERE c.oid = ANY ($1::oid[])`,
    [tables.map(String)],
  );
}

/** A partitioned table is as large as its partitions (manual, 9.28.7). */
const exact = `
  (SELECT sum(pg_table_size(t.relid)) FROM (SELECT relid FROM pg_partition_tree(c.oid) UNION SELECT c.oid) t)::float8 AS "heapBytes",
  (SELECT sum(pg_total_relation_size(t.relid)) FROM (SELECT relid FROM pg_partition_tree(c.oid) UNION SELECT c.oid) t)::float8 AS "totalBytes",
  true AS exact`;

const estimated = `
  greatest(c.relpages, 0)::float8 * current_setting('block_size')::int AS "heapBytes",
  (greatest(c.relpages, 0) + (SELECT coalesce(sum(x.relpages), 0) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid))::float8
    * current_setting('block_size')::int AS "totalBytes",
  false AS exact`;
