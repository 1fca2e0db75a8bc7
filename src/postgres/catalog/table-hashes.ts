import type pg from "pg";
import { keyPath } from "../../snapshot/object-key.js";
import { withPinnedSettings } from "./pinned-settings.js";
import { ownSchemas } from "./read-snapshot.js";
import { type RowTable, hashOfTable, rowTables } from "./sql/rows.js";

export interface TableHash {
  readonly rows: number;
  /** Equal for two tables exactly (but for chance) where both hold the same rows equally often, in any order. */
  readonly hash: string;
}

const tablesInOneStatement = 50;

interface HashRow {
  readonly index: number;
  readonly rows: string;
  readonly hash: string;
}

/**
 * For each user table (`schema.table`, quoted as in a snapshot's keys) its rows as a multiset: the number of rows and two sums of
 * 64 bits each over the MD5 of every row. Values are printed in pinned formats, columns in the order of their names, so neither the
 * session's settings nor the order of rows or columns matter. A partitioned table's rows are counted in its partitions.
 * Belay's own schemas are left out. Row security is off: a role that may not see every row gets an error and not a part.
 */
export function tableHashes(client: pg.ClientBase): Promise<Record<string, TableHash>> {
  return withPinnedSettings(client, async () => {
    const tables = (await client.query<RowTable>(rowTables, [ownSchemas])).rows;
    const result: Record<string, TableHash> = {};
    for (let start = 0; start < tables.length; start += tablesInOneStatement) {
      const part = tables.slice(start, start + tablesInOneStatement);
      const sql = part.map(hashOfTable).join("\nunion all\n");
      for (const row of (await client.query<HashRow>(sql)).rows) {
        const table = part[row.index];
        if (table !== undefined)
          result[keyPath([table.schema, table.name])] = { rows: Number(row.rows), hash: row.hash };
      }
    }
    return result;
  });
}
