import type { Client } from "pg";
import type { CrashServer } from "../../world/server.js";
import { until } from "../../world/server.js";

/** Makes a statement long, so that something can happen in its middle. */
export interface Hold {
  /** Arms it for the statement that comes next. */
  arm(text: string): Promise<void>;
  /** Waits until the server's process is held; false where `ended` says that it will not be any more. */
  holds(pid: number, ended: () => boolean): Promise<boolean>;
  /** Lets go whatever is held. */
  release(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a hold in a database of the site. */
export async function openHold(server: CrashServer, database: string): Promise<Hold> {
  const control = await server.connect(database);
  let reader: Client | null = null;
  const release = async (): Promise<void> => {
    await reader?.end().catch(() => undefined); // the server may be gone
    reader = null;
    await control.query("UPDATE belay.hold SET armed = false").catch(() => undefined);
    await control.query("SELECT pg_advisory_unlock_all()").catch(() => undefined);
  };
  return {
    arm: async (text) => {
      await control.query("SELECT pg_advisory_lock(77)");
      await control.query("SELECT setval('belay.held', 1, false)");
      await control.query("UPDATE belay.hold SET armed = true");
      if (!/\bCONCURRENTLY\b/.test(text)) return;
      // A statement of this kind waits for whoever has an older snapshot or any lock on the table.
      reader = await server.connect(database);
      await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
      await reader.query("SELECT count(*) FROM tasks");
    },
    holds: async (pid, ended) => {
      const held = await until(async () => {
        const { rows } = await control.query(
          "SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event IN ('PgSleep', 'virtualxid')",
          [pid],
        );
        return rows.length > 0;
      }, ended);
      return held !== null;
    },
    release,
    close: async () => {
      await release();
      await control.end().catch(() => undefined);
    },
  };
}
