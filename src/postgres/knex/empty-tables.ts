import type pg from "pg";
import { quoteQualified } from "../../sql/quote.js";

const userTables = `
SELECT n.nspname AS schema, c.relname AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('belay', 'belay_kept', 'pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\\_%'
ORDER BY 1, 2`;

/** Takes all rows out of a scratch copy, and lets no trigger know. */
export async function emptyTables(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ schema: string; name: string }>(userTables);
  if (rows.length === 0) return;
  await client.query("SET session_replication_role = replica");
  await client.query(`TRUNCATE ${rows.map((table) => quoteQualified(table)).join(", ")} CASCADE`);
  await client.query("RESET session_replication_role");
}
