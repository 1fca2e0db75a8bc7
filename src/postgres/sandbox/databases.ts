import { setTimeout as sleep } from "node:timers/promises";
import { Client, DatabaseError } from "pg";
import { BelayError, messageOf } from "../../errors.js";

const CONNECT_TIMEOUT_MS = 30_000;
/** PostgreSQL cuts longer names off without an error that a client sees (manual, 4.1.1). */
const NAME_LIMIT_BYTES = 63;
const DUPLICATE_DATABASE = "42P04";
const UNIQUE_VIOLATION = "23505";
const CANNOT_CONNECT_NOW = "57P03";
const RECOVERY_TIMEOUT_MS = 60_000;
const RECOVERY_POLL_INTERVAL_MS = 100;

/** Creates a database unless it is there; another process that does the same at this moment is no error. */
export async function createDatabase(serverUrl: string, name: string): Promise<void> {
  checkName(name);
  await withClient(serverUrl, async (client) => {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [name]);
    if (rowCount !== 0) return;
    try {
      // Nobody can be connected to template0, which would be in the way.
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)} TEMPLATE template0`);
    } catch (error) {
      const lostRace =
        error instanceof DatabaseError && [DUPLICATE_DATABASE, UNIQUE_VIOLATION].includes(error.code ?? "");
      if (!lostRace) throw error;
    }
  });
}

/** Drops a database if it is there, and ends the sessions in it. */
export async function removeDatabase(serverUrl: string, name: string): Promise<void> {
  checkName(name);
  await withClient(serverUrl, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`);
  });
}

/**
 * The server's version as a number, such as 180004 for 18.4. A server that recovers from a crash at this moment is waited for.
 *
 * @throws BelayError `sandbox-unreachable` when it does not answer.
 */
export async function readServerVersion(serverUrl: string): Promise<number> {
  const deadline = Date.now() + RECOVERY_TIMEOUT_MS;
  for (;;) {
    try {
      return await withClient(serverUrl, async (client) => {
        const { rows } = await client.query<{ version: number }>(
          "SELECT current_setting('server_version_num')::int AS version",
        );
        return rows[0]?.version ?? 0;
      });
    } catch (error) {
      if (!isRecovering(error) || Date.now() > deadline) throw error;
      await sleep(RECOVERY_POLL_INTERVAL_MS);
    }
  }
}

function isRecovering(error: unknown): boolean {
  const cause = error instanceof BelayError ? error.cause : error;
  return cause instanceof DatabaseError && cause.code === CANNOT_CONNECT_NOW;
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: url,
    application_name: "belay/sandbox",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // An idle connection that breaks reports it here, and would end the process otherwise; the next query reports it too.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new BelayError("usage", "sandbox-unreachable", `The sandbox server does not answer: ${messageOf(error)}`, {
      hint: "Run the command again.",
      cause: error,
    });
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function checkName(name: string): void {
  const usable = name !== "" && !name.includes("\0") && Buffer.byteLength(name) <= NAME_LIMIT_BYTES;
  if (usable) return;
  throw new BelayError("usage", "sandbox-database-name", `${JSON.stringify(name)} cannot be the name of a database.`, {
    hint: `A name has 1 to ${NAME_LIMIT_BYTES} bytes.`,
  });
}
