import { BelayError } from "../../errors.js";
import { sqlStateOf } from "./sql-state.js";
import type { Session } from "./session.js";

/** How long an ended session may take to go, in milliseconds. */
const endPatienceMs = 30_000;
const pollMs = 50;

interface Orphan {
  readonly pid: number;
  readonly user: string;
  readonly application: string;
  readonly query: string;
}

/**
 * Ends the sessions that an operator which died has left, and waits until they are gone: only then does the catalog tell what they did. Call it
 * holding the operator's lock: whoever is named `belay/…` in this database has then lost its owner.
 */
export async function endOrphans(operator: Session, note: (message: string) => void): Promise<void> {
  const told = new Set<number>();
  const giveUpAt = Date.now() + endPatienceMs;
  for (let left = await find(operator); left.length > 0; left = await find(operator)) {
    for (const orphan of left) {
      if (!told.has(orphan.pid)) note(endingOf(orphan));
      told.add(orphan.pid);
      await end(operator, orphan);
    }
    if (Date.now() > giveUpAt) {
      throw new BelayError("refused", "orphan-lives", `Process ${left[0]?.pid} of an interrupted run does not end.`, {
        hint: `Look at it: SELECT * FROM pg_stat_activity WHERE pid = ${left[0]?.pid};`,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** @throws BelayError `orphan-foreign` where it belongs to a role that this one may not end. */
async function end(operator: Session, { pid, user, application }: Orphan): Promise<void> {
  try {
    await operator.query("SELECT pg_terminate_backend($1)", [pid]);
  } catch (thrown) {
    if (sqlStateOf(thrown) !== "42501") throw thrown;
    const message = `Process ${pid} (${application}) of an interrupted run belongs to ${user}, whose sessions this role may not end.`;
    throw new BelayError("refused", "orphan-foreign", message, {
      hint: `As ${user} or a superuser: SELECT pg_terminate_backend(${pid}); or GRANT pg_signal_backend to this role.`,
      cause: thrown,
    });
  }
}

function endingOf({ pid, application, query }: Orphan): string {
  return `ended an orphaned session of an interrupted run: process ${pid}, ${application}: ${query}`;
}

async function find(operator: Session): Promise<readonly Orphan[]> {
  return operator.query<Orphan & Record<string, unknown>>(
    `SELECT pid, usename AS "user", application_name AS application, left(regexp_replace(query, '\\s+', ' ', 'g'), 80) AS query FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'belay/%'`,
  );
}
