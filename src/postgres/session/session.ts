import pg from "pg";
import { BelayError } from "../../errors.js";
import { quoteLiteral } from "../../sql/quote.js";
import { addressOf } from "./address.js";
import { connectionError, sqlStateOf } from "./sql-state.js";

/** How long a connection may take to be made, in milliseconds. */
const connectTimeoutMs = 10_000;

/** How often the server looks whether its client is still there, in milliseconds: an orphan ends by itself. */
const connectionCheckMs = 1_000;

export interface SessionOptions {
  /** Shown in pg_stat_activity: `belay/<rollout>/<what>`. */
  readonly applicationName: string;
  /** Where unqualified names are looked for. */
  readonly searchPath?: string;
}

/** One connection with Belay's settings. */
export interface Session {
  readonly client: pg.Client;
  /** The server's process id of it. */
  readonly pid: number;
  /** False after the connection was lost. */
  readonly alive: () => boolean;
  query<Row extends pg.QueryResultRow = Record<string, unknown>>(
    sql: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  /** Puts every setting back to Belay's, whatever statements before have set; `searchPath` instead of the session's own where it is given. */
  reset(searchPath?: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a session with pinned settings: `search_path`, `TimeZone` UTC, `synchronous_commit` on, so that what is reported as
 * committed survives a crash (manual, 20.5), and `client_connection_check_interval`, so that a statement does not outlive its
 * client (manual, 20.3.2).
 * @throws BelayError `usage` with one sentence when there is no session to be had.
 */
export async function openSession(url: string, options: SessionOptions): Promise<Session> {
  const address = addressOf(url);
  const client = new pg.Client({
    connectionString: url,
    application_name: options.applicationName.slice(0, 63),
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
  });
  let alive = true;
  client.on("error", () => {
    // Without a listener a lost connection would end the process; the next query on it fails and says so.
    alive = false;
  });
  client.on("end", () => {
    alive = false;
  });
  try {
    await client.connect();
    const pid = await prepare(client, options);
    return {
      client,
      pid,
      alive: () => alive,
      query: async (sql, values = []) => (await client.query(sql, [...values])).rows,
      reset: (searchPath) => reset(client, { ...options, ...(searchPath !== undefined && { searchPath }) }),
      close: () => client.end(),
    };
  } catch (thrown) {
    await client.end().catch(() => undefined); // it may never have been open; the reason to report is the one below
    throw thrown instanceof BelayError ? thrown : connectionError(thrown, address);
  }
}

async function reset(client: pg.Client, options: SessionOptions): Promise<void> {
  const [{ name } = { name: options.applicationName }] = (
    await client.query<{ name: string }>("SELECT current_setting('application_name') AS name")
  ).rows;
  await client.query("RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL");
  await prepare(client, { ...options, applicationName: name });
}

async function prepare(client: pg.Client, options: SessionOptions): Promise<number> {
  const searchPath = options.searchPath ?? "public";
  await client.query(
    [
      `SET search_path = ${searchPath}`,
      "SET TimeZone = 'UTC'",
      "SET synchronous_commit = on",
      "SET lock_timeout = 0",
      "SET statement_timeout = 0",
      "SET idle_in_transaction_session_timeout = '10min'",
      "SET client_min_messages = warning",
      `SET application_name = ${quoteLiteral(options.applicationName.slice(0, 63))}`,
    ].join("; "),
  );
  await watchClient(client);
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid ?? 0;
}

async function watchClient(client: pg.Client): Promise<void> {
  try {
    await client.query(`SET client_connection_check_interval = ${connectionCheckMs}`);
  } catch (thrown) {
    // 42704: before PostgreSQL 14; 22023: a platform that cannot notice a closed socket (manual, 20.3.2).
    if (!["42704", "22023"].includes(sqlStateOf(thrown) ?? "")) throw thrown;
  }
}

/** Opens a session for the length of `work`, and closes it whatever happens. */
export async function withSession<T>(
  url: string,
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(url, options);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
