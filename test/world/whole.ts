import { readChain } from "../../src/postgres/ledger/ledger.js";
import { readEntries } from "../../src/postgres/ledger/reader.js";
import { readCatalog } from "../../src/postgres/ledger/record-catalog.js";
import { openSession } from "../../src/postgres/session/session.js";
import { findBreak } from "../../src/journal/chain.js";
import type { Entry } from "../../src/journal/entry.js";
import { until, type CrashServer } from "./server.js";

/** What a target must be whatever happened to it. */
export interface Standing {
  readonly applied: readonly string[];
  readonly fingerprint: string;
  readonly chain: ReturnType<typeof findBreak>;
  /** Sessions of ours, prepared transactions and advisory locks that are left. */
  readonly left: readonly string[];
  readonly invalidIndexes: number;
  /** Sum and number of the rows that were there at the beginning. */
  readonly rows: string;
  readonly entries: readonly Entry[];
}

/** Looks at a target from outside. What a killed process left may take a moment to be noticed by the server; the next command has waited for it. */
export async function standingOf(target: { readonly url: string }): Promise<Standing> {
  const session = await openSession(target.url, { applicationName: "crash-look" });
  try {
    const one = async (sql: string): Promise<string[]> =>
      (await session.query<{ text: string }>(sql)).map((row) => row.text);
    const [rows = ""] = await one("SELECT count(*) || ' rows, ' || sum(n) AS text FROM tasks WHERE id <= 2000");
    return {
      applied: await one("SELECT id AS text FROM belay.applied"),
      fingerprint: (await readCatalog(session)).fingerprint,
      chain: findBreak(await readChain(session)),
      left: [
        ...(await one(
          "SELECT 'session ' || application_name AS text FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'belay%'",
        )),
        ...(await one("SELECT 'prepared ' || gid AS text FROM pg_prepared_xacts WHERE database = current_database()")),
        ...(await one(
          "SELECT 'lock ' || l.mode AS text FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.pid <> pg_backend_pid()",
        )),
      ],
      invalidIndexes: (await one("SELECT indexrelid::regclass::text AS text FROM pg_index WHERE NOT indisvalid"))
        .length,
      rows,
      entries: await readEntries(session),
    };
  } finally {
    await session.close();
  }
}

/** The catalog and the rows after each number of applied changes, from a rollout that nothing disturbed. */
export interface Ladder {
  readonly ids: readonly string[];
  readonly fingerprints: readonly string[];
  readonly rows: readonly string[];
  /** Entries that an undisturbed rollout writes in the ledger of each target. */
  readonly entries: { readonly staging: number; readonly production: number };
}

/** Everything that is wrong with a target: it must stand on a rung, with the ledger saying which. */
export function faultsOf(name: string, standing: Standing, ladder: Ladder): readonly string[] {
  const rung = standing.applied.length;
  const faults: string[] = [];
  if (standing.applied.join() !== ladder.ids.slice(0, rung).join())
    faults.push(`applied out of order: ${standing.applied.join()}`);
  if (standing.fingerprint !== ladder.fingerprints[rung]) faults.push(`the catalog is not that after ${rung} changes`);
  if (standing.rows !== ladder.rows[rung]) faults.push(`the rows are ${standing.rows}, not ${ladder.rows[rung]}`);
  if (standing.chain !== null) faults.push(`the chain is broken at ${standing.chain.seq}: ${standing.chain.why}`);
  if (standing.invalidIndexes > 0) faults.push(`${standing.invalidIndexes} invalid indexes`);
  faults.push(...standing.left.map((left) => `left behind: ${left}`));
  return faults.map((fault) => `${name}: ${fault}`);
}

/** Waits until the server takes connections. */
export async function serverIsUp(server: CrashServer): Promise<void> {
  await until(async () => {
    try {
      await (await server.connect("postgres")).end();
      return true;
    } catch {
      return false;
    }
  });
}
