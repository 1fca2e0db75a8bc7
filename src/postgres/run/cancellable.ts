import { BelayError } from "../../errors.js";
import type { Session } from "../session/session.js";
import { isCancelled } from "../session/sql-state.js";
import type { RunContext } from "./run-context.js";

/** Cancels the session's statement when the signal comes, and says so in the error. */
export async function cancellable<T>(context: RunContext, session: Session, work: () => Promise<T>): Promise<T> {
  if (context.signal.aborted) throw interrupted(context);
  const cancel = (): void => {
    // The statement may have ended by itself; the work then ends as it would have.
    void context.target.operator.query("SELECT pg_cancel_backend($1)", [session.pid]).catch(() => undefined);
  };
  context.signal.addEventListener("abort", cancel, { once: true });
  try {
    return await work();
  } catch (thrown) {
    if (isCancelled(thrown) && context.signal.aborted) throw interrupted(context, thrown);
    throw thrown;
  } finally {
    context.signal.removeEventListener("abort", cancel);
  }
}

/** Waits so many ms, but not past the signal. */
export async function pauseUnless(context: RunContext, ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      context.signal.removeEventListener("abort", done);
      resolve();
    }
    context.signal.addEventListener("abort", done, { once: true });
  });
  if (context.signal.aborted) throw interrupted(context);
}

function interrupted(context: RunContext, cause?: unknown): BelayError {
  const message = `${context.target.name}: ${context.change} was interrupted; its open transaction is rolled back.`;
  return new BelayError("interrupted", "interrupted", message, { cause });
}
