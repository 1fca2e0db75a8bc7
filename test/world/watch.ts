import type { Client } from "pg";
import type { RunningBelay } from "../support/cli.js";
import { connect, until } from "./server.js";

/** Whether a command has ended by now. */
export function endOf(running: RunningBelay): () => boolean {
  let ended = false;
  void running.result.finally(() => (ended = true));
  return () => ended;
}

/** Kills a command, and waits until it is gone. */
export async function kill(running: RunningBelay): Promise<void> {
  running.kill("SIGKILL");
  await running.result;
}

/** A session that keeps a table locked, so that statements wait. */
export async function holdTable(url: string, table: string, mode: string): Promise<{ release(): Promise<void> }> {
  const holder = await connect(url);
  await holder.query("BEGIN");
  await holder.query(`LOCK TABLE ${table} IN ${mode} MODE`);
  return { release: () => holder.end().catch(() => undefined) }; // the server may be gone
}

/** Waits until another session of the client's database is as `condition` on pg_stat_activity says, and gives its process; null where the command ended before. */
export async function sessionWhere(client: Client, condition: string, ended: () => boolean): Promise<number | null> {
  return until(async () => {
    const { rows } = await client.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${condition}`,
    );
    return rows[0]?.pid ?? null;
  }, ended);
}

/** Waits until a session of ours waits for a lock. */
export async function waitsForLock(client: Client, ended: () => boolean): Promise<boolean> {
  const waiting = "application_name LIKE 'belay/%' AND wait_event_type = 'Lock'";
  return (await sessionWhere(client, waiting, ended)) !== null;
}

/** Waits until a session runs a statement like this. */
export async function runs(client: Client, like: string, ended: () => boolean): Promise<boolean> {
  const running = `state = 'active' AND query LIKE '${like.replaceAll("'", "''")}'`;
  return (await sessionWhere(client, running, ended)) !== null;
}
