import type { Direction } from "../../journal/entry.js";
import type { Report } from "../../progress.js";
import type { OpenTarget } from "../session/open-target.js";
import type { Session } from "../session/session.js";

/** How locks are asked for; all times in milliseconds. */
export interface LockPolicy {
  /** The longest that others may queue behind one request of ours. */
  readonly budgetMs: number;
  /** How long it is tried again and again. */
  readonly patienceMs: number;
  /** The longest that a transaction may keep writers out. */
  readonly holdMs: number;
  /** Whoever blocks us with a transaction of at least this age is ended; null or left out: nobody is. */
  readonly terminateOlderThanMs?: number | null;
}

/** What a statement runs under. */
export interface RunContext {
  readonly target: OpenTarget;
  readonly change: string;
  readonly direction: Direction;
  readonly lock: LockPolicy;
  readonly report: Report;
  /** Aborted: the statement under way is cancelled. */
  readonly signal: AbortSignal;
  /** Watches the locks that are taken; a rehearsal does. */
  readonly observer?: LockObserver;
  /** Added to the environment of a change's command. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Is told after each statement of a transaction, while its locks are still held, and when the transaction has ended. */
export interface LockObserver {
  readonly stepEnded: (session: Session, statement: string, durationMs: number) => Promise<void>;
  readonly committed: () => void;
}

/** What a session is called while it works on a change: `belay/<rollout>/<change>`, the change without its version. */
export function sessionName({ target, change }: RunContext): string {
  return `belay/${target.rollout ?? "-"}/${change.replace(/^\d+_/, "")}`;
}
