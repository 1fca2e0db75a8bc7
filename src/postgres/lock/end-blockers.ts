import { messageOf } from "../../errors.js";
import type { Blocker, Report } from "../../progress.js";
import { append, type About } from "../ledger/ledger.js";
import type { Session } from "../session/session.js";

/** How long a cancelled statement may take to let its locks go, in milliseconds, before its session is terminated. */
const graceMs = 1_000;
const pollMs = 50;

export interface EndingOptions {
  readonly operator: Session;
  readonly target: string;
  /** Whoever blocks us with a transaction of at least this age, in milliseconds, is ended. */
  readonly olderThanMs: number;
  readonly about: About;
  readonly report: Report;
  /** Looks again at who is in the way. */
  readonly look: () => Promise<readonly Blocker[]>;
}

/**
 * Ends those who stand in the way for longer than a person allowed: first their statement is cancelled, then, where they still hold on, for example idle in a
 * transaction, their session is terminated (manual, 9.28.2). Only sessions of clients are ended, and none of a superuser, of replication or of Belay. Each one is
 * named and recorded.
 */
export async function endBlockers(blockers: readonly Blocker[], options: EndingOptions): Promise<void> {
  for (const blocker of blockers.filter(({ ageSeconds }) => ageSeconds * 1_000 >= options.olderThanMs)) {
    if (!(await mayBeEnded(options.operator, blocker))) continue;
    const how = await end(blocker, options);
    if (how === null) continue;
    const { pid, user, application, state, ageSeconds, query } = blocker;
    options.report({ kind: "blocker-ended", target: options.target, blocker, how });
    await append(options.operator, "blocker-ended", options.about, {
      how,
      blocker: { pid, user, application, state, ageSeconds, query },
    });
  }
}

async function mayBeEnded(operator: Session, blocker: Blocker): Promise<boolean> {
  if (blocker.kind !== "session") return false;
  const [row] = await operator.query<{ may: boolean }>(
    `SELECT a.backend_type = 'client backend' AND NOT coalesce(r.rolsuper, true) AND a.application_name NOT LIKE 'belay%' AS may
     FROM pg_stat_activity a LEFT JOIN pg_roles r ON r.oid = a.usesysid WHERE a.pid = $1 AND a.backend_start::text = $2`,
    [blocker.pid, blocker.backendStart],
  );
  return row?.may === true;
}

async function end(blocker: Blocker, options: EndingOptions): Promise<"cancelled" | "terminated" | null> {
  try {
    if (blocker.state === "active" && (await signal("pg_cancel_backend", blocker, options.operator))) {
      const giveUpAt = Date.now() + graceMs;
      while (Date.now() < giveUpAt) {
        if (!(await stillThere(blocker, options))) return "cancelled";
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
    }
    // Cancelling a session that is idle in a transaction succeeds, and frees nothing.
    if (!(await stillThere(blocker, options))) return null;
    return (await signal("pg_terminate_backend", blocker, options.operator)) ? "terminated" : null;
  } catch (thrown) {
    const message = `process ${blocker.pid} could not be ended: ${messageOf(thrown)}`;
    options.report({ kind: "warning", target: options.target, message });
    return null;
  }
}

async function stillThere(blocker: Blocker, { look }: EndingOptions): Promise<boolean> {
  return (await look()).some(({ pid, backendStart }) => pid === blocker.pid && backendStart === blocker.backendStart);
}

/** The process id may be somebody else's by now: the time of its beginning says whose it is. */
async function signal(
  how: "pg_cancel_backend" | "pg_terminate_backend",
  { pid, backendStart }: Blocker,
  operator: Session,
): Promise<boolean> {
  const [row] = await operator.query<{ sent: boolean }>(
    `SELECT ${how}(pid) AS sent FROM pg_stat_activity WHERE pid = $1 AND backend_start::text = $2`,
    [pid, backendStart],
  );
  return row?.sent === true;
}
