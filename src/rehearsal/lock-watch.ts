import type { LockObserver } from "../postgres/run/run-transaction.js";

/** A lock that a statement took. */
export interface TakenLock {
  readonly statement: string;
  readonly mode: string;
  readonly relation: string;
  /** From the statement's start to the end of its transaction, in milliseconds. */
  readonly heldMs: number;
}

interface Pending {
  readonly statement: string;
  readonly mode: string;
  readonly relation: string;
  readonly since: number;
}

/** Collects the locks on user relations that each statement adds, by asking the server within the transaction (manual, 53.13: pg_locks). */
export function watchLocks(): LockObserver & { readonly taken: () => readonly TakenLock[] } {
  const taken: TakenLock[] = [];
  let pending: Pending[] = [];
  return {
    taken: () => taken,
    stepEnded: async (session, statement, durationMs) => {
      const since = Date.now() - durationMs;
      const locks = await session.query<{ mode: string; relation: string }>(
        `SELECT l.mode, l.relation::regclass::text AS relation FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
         JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE l.pid = pg_backend_pid() AND l.granted AND c.relkind IN ('r', 'p', 'm', 'f', 'v') AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'belay', 'belay_kept') ORDER BY 2, 1`,
      );
      const fresh = locks.filter(
        (lock) => !pending.some((held) => held.mode === manualName(lock.mode) && held.relation === lock.relation),
      );
      pending.push(...fresh.map(({ mode, relation }) => ({ statement, mode: manualName(mode), relation, since })));
    },
    committed: () => {
      taken.push(...pending.map(({ since, ...lock }) => ({ ...lock, heldMs: Date.now() - since })));
      pending = [];
    },
  };
}

/** `AccessExclusiveLock` → `ACCESS EXCLUSIVE`. */
function manualName(mode: string): string {
  return mode
    .replace(/Lock$/, "")
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toUpperCase();
}
