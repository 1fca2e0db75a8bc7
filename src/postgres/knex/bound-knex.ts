import type { Knex } from "knex";
import type pg from "pg";

/** The part of a pg client that knex's PostgreSQL dialect uses. */
export type Connection = Pick<pg.Client, "query">;

/**
 * A knex whose every query runs on one given connection: a migration then shares our session, its settings and its transaction. It owns nothing, so
 * there is nothing to destroy.
 */
export async function knexOn(connection: Connection): Promise<Knex> {
  // Loaded only where a change is written in TypeScript: it takes longer than all the rest.
  const { default: knexFactory } = await import("knex");
  const knex = knexFactory({ client: "pg", version: "18" });
  Object.assign(knex.client, {
    acquireConnection: async () => connection,
    releaseConnection: async () => undefined,
  });
  return knex;
}
