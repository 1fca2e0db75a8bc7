import { messageOf } from "../../errors.js";
import type { Blocker } from "../../progress.js";
import { blockersOf } from "../lock/blockers.js";
import { isCancelled, isConnectionLost } from "../session/sql-state.js";
import type { RunContext } from "./run-context.js";

/** How often the blockers are looked at while a statement runs, in milliseconds. */
const lookEveryMs = 40;

export interface BlockersWatch {
  /** The last ones that were there. */
  readonly seen: () => readonly Blocker[];
  readonly stop: () => Promise<void>;
}

/** Looks from outside at who blocks the session with this process id in the midst of its work. */
export function watchBlockers({ target, report }: RunContext, pid: number): BlockersWatch {
  let last: readonly Blocker[] = [];
  let looking: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    try {
      const now = await blockersOf(target.operator, pid);
      if (now.length > 0) last = now;
    } catch (thrown) {
      if (!isCancelled(thrown)) clearInterval(timer);
      // A look that somebody cancelled is done again; a lost operator session is reported by the next statement that needs it.
      if (!isCancelled(thrown) && !isConnectionLost(thrown)) {
        const message = `cannot look who stands in the way: ${messageOf(thrown)}`;
        report({ kind: "warning", target: target.name, message });
      }
    }
    looking = null;
  };
  const timer = setInterval(() => {
    looking ??= look();
  }, lookEveryMs);
  return {
    seen: () => last,
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}
