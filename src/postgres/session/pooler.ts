import pg from "pg";
import { BelayError, messageOf } from "../../errors.js";

/** How often a session is asked in a row: a pool that goes round gives another server process each time. */
const looks = 3;
/** How long a pool may take to answer, in milliseconds: one that has no second session left never does. */
const patienceMs = 5_000;

const known = new Set<string>();

/**
 * Refuses a connection through a pooler that hands out another server session for each transaction: locks and settings of ours would land on somebody else's. The
 * server's process id that the connection was greeted with then differs from the one that answers; a pooler that keeps a server session for as long as its client
 * (session mode) is told apart by two sessions that never share or change theirs. Call it before anything is set: nothing may stay on a session that is not ours.
 * @throws BelayError `pooler` (usage).
 */
export async function refusePooler(client: pg.Client, url: string, place: string): Promise<void> {
  const first = await pidOf(client);
  if (greetedAs(client) === first || known.has(url)) return;
  const other = new pg.Client({ connectionString: url, connectionTimeoutMillis: patienceMs });
  other.on("error", () => undefined); // the query on it fails and says so
  try {
    await inTime(place, other.connect());
    for (let look = 0; look < looks; look += 1) refuseOther(place, first, await pidOf(client));
    // One that gives out the session that came back last gives it to the other now, for as long as its transaction lasts.
    await inTime(place, begin(place, other));
    const theirs = await inTime(place, pidOf(other));
    const mine = await inTime(place, pidOf(client));
    refuseOther(place, first, mine);
    if (mine === theirs) throw pooled(place, `two connections share the server process ${mine}`);
    await inTime(place, other.query("ROLLBACK"));
    known.add(url);
  } finally {
    void other.end().catch(() => undefined); // it may never have been open
  }
}

/** The process id in the server's greeting (manual, 54.2.1: BackendKeyData). */
function greetedAs(client: pg.Client): number | null {
  return "processID" in client && typeof client.processID === "number" ? client.processID : null;
}

async function pidOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid ?? 0;
}

/** A pooler in statement mode knows no transactions. */
async function begin(place: string, client: pg.Client): Promise<void> {
  try {
    await client.query("BEGIN");
  } catch (thrown) {
    throw pooled(place, messageOf(thrown));
  }
}

function refuseOther(place: string, first: number, now: number): void {
  if (now !== first)
    throw pooled(place, `statements of one connection went to the server processes ${first} and ${now}`);
}

async function inTime<T>(place: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSmall(place)), patienceMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function pooled(place: string, why: string): BelayError {
  return refusal(`${place}: a connection pooler in transaction mode stands before the database: ${why}.`);
}

function tooSmall(place: string): BelayError {
  const what = "a connection pooler stands before the database and has no second session to give";
  return refusal(`${place}: ${what}: it is in transaction mode, or too small.`);
}

function refusal(message: string): BelayError {
  return new BelayError("usage", "pooler", `${message} Nothing was touched.`, {
    hint: "Give Belay a direct url, or the port of a pool in session mode that has some sessions free: it holds locks and settings for as long as its session lives.",
  });
}
