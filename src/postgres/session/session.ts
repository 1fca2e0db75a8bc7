import pg from "pg";
import { BelayError } from "../../errors.js";
import { pinnedSettings, withoutTimeouts } from "../../sql/pinned-settings.js";
import { quoteLiteral } from "../../sql/quote.js";
import { refusePooler } from "./pooler.js";
import { addressOf, forDriver, shown } from "./address.js";
import { connectionError, lostEarly, sqlStateOf } from "./sql-state.js";

/** How long a connection may take to be made, in milliseconds. */
const connectTimeoutMs = 10_000;

/** How often the server looks whether its client is still there, in milliseconds: an orphan ends by itself. */
const connectionCheckMs = 1_000;

/** After how long without a word it is asked whether the server is still there, in milliseconds: a network that swallows everything says nothing by itself. */
const keepAliveInitialDelayMillis = 15_000;

/** The longest name that the server keeps of a session, in bytes (manual, 20.8: application_name). */
const maxNameBytes = 63;

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
  /** The epoch of the operator that it writes for; null for one that only reads, or steers from beside. */
  readonly epoch: number | null;
  /** The id of the last transaction that wrote an entry on it, as pg_current_xact_id() gives it; null where none did. */
  xid: string | null;
  /** False after the connection was lost. */
  readonly alive: () => boolean;
  query<Row extends pg.QueryResultRow = Record<string, unknown>>(
    sql: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  /** From now on it is called this. */
  rename(applicationName: string): Promise<void>;
  /** From now on it writes for the operator of this epoch. */
  claim(epoch: number): Promise<void>;
  /**
   * Puts every setting back to Belay's, whatever statements before have set, and gives up what they left: temporary tables, prepared statements, cursors, advisory
   * locks. `searchPath` instead of the session's own where it is given.
   */
  reset(searchPath?: string): Promise<void>;
  close(): Promise<void>;
}

/** What a session goes by: all that its settings are made of. */
interface Identity {
  applicationName: string;
  searchPath: string;
  epoch: number | null;
}

/**
 * Opens a session with pinned settings: `search_path`, `TimeZone` UTC, `synchronous_commit` on, so that what is reported as committed survives a crash (manual,
 * 20.5), and `client_connection_check_interval`, so that a statement does not outlive its client (manual, 20.3.2). A client that vanished without a word, behind
 * a network that swallows everything, is given up after half a minute (manual, 20.3.2: tcp_keepalives_idle).
 * @throws BelayError `usage` with one sentence when there is no session to be had.
 */
export async function openSession(url: string, options: SessionOptions): Promise<Session> {
  const address = addressOf(url);
  const client = new pg.Client({
    connectionString: forDriver(url),
    application_name: cut(options.applicationName),
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis,
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
    await refusePooler(client, forDriver(url), shown(address));
    const watched = await watchClient(client);
    const goesBy: Identity = { searchPath: "public", ...options, epoch: null };
    const pid = await prepare(client, goesBy, watched);
    return sessionOf(client, pid, goesBy, { alive: () => alive, watched });
  } catch (thrown) {
    await client.end().catch(() => undefined); // it may never have been open; the reason to report is the one below
    throw thrown instanceof BelayError ? thrown : connectionError(thrown, address);
  }
}

function sessionOf(
  client: pg.Client,
  pid: number,
  goesBy: Identity,
  { alive, watched }: { readonly alive: () => boolean; readonly watched: boolean },
): Session {
  return {
    client,
    pid,
    get epoch() {
      return goesBy.epoch;
    },
    xid: null,
    alive,
    query: async (sql, values = []) => (await client.query(sql, [...values])).rows,
    rename: async (applicationName) => {
      goesBy.applicationName = applicationName;
      await client.query(`SET application_name = ${quoteLiteral(cut(applicationName))}`);
    },
    claim: async (epoch) => {
      goesBy.epoch = epoch;
      await client.query(`SET belay.epoch = ${quoteLiteral(String(epoch))}`);
    },
    reset: async (searchPath = goesBy.searchPath) => {
      await prepare(client, { ...goesBy, searchPath }, watched, leftovers);
    },
    close: () => client.end(),
  };
}

/** Rids a session of what statements before have left on it; DISCARD ALL would want a message of its own. A temporary table hides the real one of its name. */
const leftovers: readonly string[] = [
  "RESET SESSION AUTHORIZATION",
  "RESET ROLE",
  "RESET ALL",
  "CLOSE ALL",
  "DEALLOCATE ALL",
  "DISCARD TEMP",
  "SELECT pg_advisory_unlock_all()",
];

/** Sets everything in one message, and gives the server's process id. */
async function prepare(
  client: pg.Client,
  goesBy: Identity,
  watched: boolean,
  forget: readonly string[] = [],
): Promise<number> {
  const { applicationName, searchPath, epoch } = goesBy;
  const settings = [
    `search_path = ${searchPath}`,
    ...pinnedSettings,
    "lock_timeout = 0",
    "idle_in_transaction_session_timeout = '10min'",
    "tcp_keepalives_idle = 15",
    "tcp_keepalives_interval = 5",
    "tcp_keepalives_count = 3",
    "tcp_user_timeout = '30s'",
    "client_min_messages = warning",
    `application_name = ${quoteLiteral(cut(applicationName))}`,
    ...(watched ? [`client_connection_check_interval = ${connectionCheckMs}`] : []),
    ...(epoch === null ? [] : [`belay.epoch = ${quoteLiteral(String(epoch))}`]),
  ];
  const text = [
    ...forget,
    ...settings.map((setting) => `SET ${setting}`),
    `SELECT ${withoutTimeouts}`,
    "SELECT pg_backend_pid() AS pid",
  ].join("; ");
  // A message of several statements gives a result for each.
  const results = (await client.query(text)) as unknown as readonly pg.QueryResult<{ pid: number }>[];
  return results.at(-1)?.rows[0]?.pid ?? 0;
}

/** Whether this server notices by itself that its client is gone. */
async function watchClient(client: pg.Client): Promise<boolean> {
  try {
    await client.query(`SET client_connection_check_interval = ${connectionCheckMs}`);
    return true;
  } catch (thrown) {
    // 42704: before PostgreSQL 14; 22023: a platform that cannot notice a closed socket (manual, 20.3.2).
    if (!["42704", "22023"].includes(sqlStateOf(thrown) ?? "")) throw thrown;
    return false;
  }
}

function cut(name: string): string {
  return Buffer.from(name)
    .subarray(0, maxNameBytes)
    .toString()
    .replace(/\uFFFD+$/, "");
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
  } catch (thrown) {
    throw lostEarly(thrown, addressOf(url));
  } finally {
    await session.close();
  }
}
