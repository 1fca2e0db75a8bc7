import { BelayError } from "../../errors.js";
import type { Session } from "./session.js";

/** How often the sessions are compared. */
const looks = 3;

/**
 * Refuses a connection through a pooler that hands out another server session for each transaction: locks and settings of ours would land on somebody else's. The
 * server's process id that the connection was greeted with then differs from the one that answers; a pooler that keeps a server session for as long as its client
 * (session mode) is told apart by two sessions that never share or change theirs.
 * @throws BelayError `pooler` (usage).
 */
export async function refusePooler(place: string, session: Session, openOther: () => Promise<Session>): Promise<void> {
  if (greetedAs(session) === session.pid) return;
  const other = await openOther();
  try {
    await other.query("BEGIN");
    for (let look = 0; look < looks; look += 1) {
      const [mine, theirs] = [await pidOf(session), await pidOf(other)];
      if (mine !== session.pid || mine === theirs) throw pooled(place, session.pid, mine === theirs ? theirs : mine);
    }
    await other.query("ROLLBACK");
  } finally {
    await other.close();
  }
}

/** The process id in the server's greeting (manual, 55.2.1: BackendKeyData). */
function greetedAs(session: Session): number | null {
  const { client } = session;
  return "processID" in client && typeof client.processID === "number" ? client.processID : null;
}

async function pidOf(session: Session): Promise<number> {
  const [row] = await session.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return row?.pid ?? 0;
}

function pooled(place: string, first: number, second: number): BelayError {
  const message = `${place}: a connection pooler in transaction mode stands before the database: statements of one session went to the server processes ${first} and ${second === first ? `${first}, which another session shares` : second}.`;
  return new BelayError("usage", "pooler", message, {
    hint: "Give Belay a direct url, or the port of a pool in session mode: it holds locks and settings for as long as its session lives.",
  });
}
