import type { Step } from "../../../plan/step.js";
import type { Blocker } from "../../../progress.js";
import { blockersOf } from "../../lock/blockers.js";
import type { Session } from "../../session/session.js";
import { endOld } from "../end-old.js";
import type { RunContext } from "../run-context.js";

/** How often it is looked how far a statement is, in milliseconds. */
const lookEveryMs = 500;

export interface OutsideWatch {
  /** Whether it never got the lock on its table, within the patience, and was cancelled for that. */
  readonly gaveUp: () => boolean;
  readonly stop: () => Promise<void>;
}

/**
 * Tells how far a statement outside a transaction is, from pg_stat_progress_create_index (manual, 27.4.4), and whom it waits for: for a table's lock at first, and
 * later for transactions whose snapshots are older than the index. The first kind of waiting is bounded by the patience, since nothing has been begun then; the second
 * is not: it makes nobody queue, and hours of work would be lost.
 */
export function watchOutside(context: RunContext, session: Session, step: Step): OutsideWatch {
  const { target, lock } = context;
  const startedAt = Date.now();
  let gaveUp = false;
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    try {
      const waitedMs = Date.now() - startedAt;
      const { blockers, waitsForTable } = await tell(context, session, step, waitedMs);
      await endOld(context, blockers, () => blockersOf(target.operator, session.pid));
      if (waitsForTable && waitedMs > lock.patienceMs && !gaveUp) {
        gaveUp = true;
        await target.operator.query("SELECT pg_cancel_backend($1)", [session.pid]);
      }
    } catch (thrown) {
      const message = `cannot look how far it is: ${String(thrown)}`;
      context.report({ kind: "warning", target: target.name, message });
      clearInterval(timer);
    }
    looking = null;
  };
  const timer = setInterval(() => {
    looking ??= look();
  }, lookEveryMs);
  return {
    gaveUp: () => gaveUp,
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}

interface Waiting {
  readonly blockers: readonly Blocker[];
  /** Whether it waits for the lock of a table, and not for a transaction. */
  readonly waitsForTable: boolean;
}

async function tell(context: RunContext, session: Session, step: Step, waitedMs: number): Promise<Waiting> {
  const { target, change, report } = context;
  const place = { target: target.name, change, statement: step.sql };
  const [progress] = await target.operator.query<{ phase: string; done: number; total: number }>(
    `SELECT phase, CASE WHEN lockers_total > 0 AND phase LIKE 'waiting%' THEN lockers_done WHEN tuples_total > 0 THEN tuples_done ELSE blocks_done END::float8 AS done,
       CASE WHEN lockers_total > 0 AND phase LIKE 'waiting%' THEN lockers_total WHEN tuples_total > 0 THEN tuples_total ELSE blocks_total END::float8 AS total
     FROM pg_stat_progress_create_index WHERE pid = $1`,
    [session.pid],
  );
  const blockers = await blockersOf(target.operator, session.pid);
  if (progress !== undefined) report({ kind: "step-progress", ...place, ...progress });
  if (blockers.length === 0) return { blockers, waitsForTable: false };
  report({ kind: "waiting", ...place, waitedMs, blockers });
  const [waiting] = await target.operator.query<{ table: boolean }>(
    "SELECT locktype = 'relation' AS table FROM pg_locks WHERE pid = $1 AND NOT granted",
    [session.pid],
  );
  return { blockers, waitsForTable: waiting?.table === true };
}
