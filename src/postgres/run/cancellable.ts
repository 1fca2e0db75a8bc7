import { BelayError } from "../../errors.js";
import type { Session } from "../session/session.js";
import { isCancelled } from "../session/sql-state.js";
import type { RunContext } from "./run-context.js";

/** How often it is cancelled again, in milliseconds: it may have been between two statements. */
const cancelEveryMs = 250;

/** Cancels the session's statement when the signal comes, and each that follows it, and says so in the error. */
export async function cancellable<T>(context: RunContext, session: Session, work: () => Promise<T>): Promise<T> {
  if (context.signal.aborted) throw interrupted(context);
  const cancelling = cancelOnAbort(context, session);
  try {
    return await work();
  } catch (thrown) {
    if (isCancelled(thrown) && context.signal.aborted) throw interrupted(context, thrown);
    throw thrown;
  } finally {
    await cancelling.stop();
  }
}

function cancelOnAbort({ signal, target }: RunContext, session: Session): { stop(): Promise<void> } {
  let sending: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    // A lost operator session is reported by the next statement that needs it.
    sending = target.operator.query("SELECT pg_cancel_backend($1)", [session.pid]).catch(() => undefined);
  };
  const begin = (): void => {
    cancel();
    timer = setInterval(cancel, cancelEveryMs);
  };
  signal.addEventListener("abort", begin, { once: true });
  return {
    // One that is under way must not hit what comes after the work.
    stop: async () => {
      signal.removeEventListener("abort", begin);
      clearInterval(timer);
      await sending;
    },
  };
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
