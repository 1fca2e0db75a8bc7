import type pg from "pg";

/**
 * Settings that change how PostgreSQL prints names and values (manual, "Client Connection Defaults"). With an empty
 * `search_path` every name outside `pg_catalog` is printed with its schema.
 */
const pinned: { readonly [setting: string]: string } = {
  search_path: "",
  DateStyle: "ISO, YMD",
  IntervalStyle: "postgres",
  TimeZone: "UTC",
  bytea_output: "hex",
  extra_float_digits: "3",
  quote_all_identifiers: "off",
  row_security: "off",
  lc_monetary: "C",
  xmlbinary: "base64",
  xmloption: "content",
  // What is compiled for one reading costs more than it saves.
  jit: "off",
};

const savepoint = "belay_reading";

const pin = `select ${Object.entries(pinned)
  .map(([name, value]) => `set_config('${name}', '${value}', true)`)
  .join(", ")}`;

/**
 * Runs `work` with the settings pinned, in a transaction: the caller's, under a savepoint, or a repeatable-read and
 * read-only one. Both are rolled back, which restores the settings; so `work` must only read.
 */
export async function withPinnedSettings<T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  const isInTransaction = client.getTransactionStatus() === "T";
  try {
    await client.query(
      `${isInTransaction ? `savepoint ${savepoint}` : "begin isolation level repeatable read read only"}; ${pin}`,
    );
    return await work();
  } finally {
    await client.query(
      isInTransaction ? `rollback to savepoint ${savepoint}; release savepoint ${savepoint}` : "rollback",
    );
  }
}
