import { addressOf, shown } from "./address.js";
import { endOrphans } from "./orphans.js";
import { ensureLedger } from "./ledger/ledger.js";
import { takeOperatorLock } from "./operator-lock.js";
import { openSession, type Session, type SessionOptions } from "./session.js";

/** A target that this process operates: it holds the operator's lock there. */
export interface OpenTarget {
  readonly name: string;
  readonly url: string;
  /** Where it is, without a password. */
  readonly shownAs: string;
  /** Holds the lock, reads and writes the ledger, looks at the worker from outside. */
  readonly operator: Session;
  /** Runs the steps. Opened before the first one, so that the way back needs no new connection; opened again where it was lost. */
  worker(): Promise<Session>;
  readonly actor: string;
  readonly rollout: string | null;
  close(): Promise<void>;
}

export interface OpenTargetOptions {
  readonly name: string;
  readonly url: string;
  readonly searchPath: string;
  readonly actor: string;
  readonly rollout: string | null;
  /** How long another operator is waited for, in milliseconds. */
  readonly operatorPatienceMs: number;
  /** Called with what was found and ended. */
  readonly note: (message: string) => void;
}

/**
 * Takes a target over: connects, becomes its one operator, makes the ledger where there is none, and ends what an operator that died left running.
 * @throws BelayError `operator-busy`, or why there is no session.
 */
export async function openTarget(options: OpenTargetOptions): Promise<OpenTarget> {
  const settings: SessionOptions = {
    applicationName: `belay/${options.rollout ?? "-"}/operator`,
    searchPath: options.searchPath,
  };
  // Until it holds the lock it goes by another name, or the holder would take it for an orphan.
  const waiting = { ...settings, applicationName: `belay-waiting/${options.rollout ?? "-"}` };
  const operator = await openSession(options.url, waiting);
  try {
    await takeOperatorLock(operator, options.name, options.operatorPatienceMs);
    await operator.query("SELECT set_config('application_name', $1, false)", [settings.applicationName]);
    await endOrphans(operator, options.note);
    await ensureLedger(operator, options.actor);
    const workerSettings = { ...settings, applicationName: `belay/${options.rollout ?? "-"}/worker` };
    let worker = await openSession(options.url, workerSettings);
    return {
      name: options.name,
      url: options.url,
      shownAs: shown(addressOf(options.url)),
      operator,
      worker: async () => {
        if (!worker.alive()) worker = await openSession(options.url, workerSettings);
        return worker;
      },
      actor: options.actor,
      rollout: options.rollout,
      close: async () => {
        await Promise.allSettled([worker.close(), operator.close()]);
      },
    };
  } catch (thrown) {
    await operator.close().catch(() => undefined); // the reason to report is the one that was thrown
    throw thrown;
  }
}
