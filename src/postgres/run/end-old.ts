import type { Blocker } from "../../progress.js";
import { endBlockers } from "../lock/end-blockers.js";
import type { RunContext } from "./run-context.js";

/** Ends those of the blockers whose age a person has named, if one has. `look` looks again at who is in the way. */
export async function endOld(
  { target, change, report, lock }: RunContext,
  blockers: readonly Blocker[],
  look: () => Promise<readonly Blocker[]>,
): Promise<void> {
  if (lock.terminateOlderThanMs == null || blockers.length === 0) return;
  await endBlockers(blockers, {
    operator: target.operator,
    target: target.name,
    olderThanMs: lock.terminateOlderThanMs,
    about: { rollout: target.rollout, change, actor: target.actor },
    report,
    look,
  });
}
