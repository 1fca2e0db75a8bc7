import { BelayError } from "../../errors.js";
import { addressOf, shown } from "./address.js";
import { lostEarly, refusedWrite } from "./sql-state.js";
import { endOrphans } from "./orphans.js";
import { ensureLedger, takeOver } from "../ledger/ledger.js";
import { releaseOperatorLock, requireOperator, takeOperatorLock } from "../lock/operator-lock.js";
import { recordMissed } from "../ledger/proof.js";
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
  /** The rollout that what is done here belongs to; null outside of one. */
  readonly rollout: string | null;
  /** From now on what is done here belongs to this rollout. */
  join(rollout: string): Promise<void>;
  /** Lets somebody else be the operator for the length of `work`, and takes the target over again. */
  lend<T>(work: () => Promise<T>): Promise<T>;
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
  /** Called with the first session before anything is done on it: what it throws, nobody was touched for. */
  readonly admit?: (operator: Session) => Promise<void>;
  /** Called with what was found and ended. */
  readonly note: (message: string) => void;
}

/** How long the borrower of the operator's lock may take to go, in milliseconds. */
const lentPatienceMs = 10_000;

/**
 * Takes a target over: connects, becomes its one operator, makes the ledger where there is none, and ends what an operator that died left running.
 * @throws BelayError `operator-busy`, or why there is no session.
 */
export async function openTarget(options: OpenTargetOptions): Promise<OpenTarget> {
  const { url, searchPath } = options;
  let { rollout } = options;
  // Until it holds the lock it goes by another name, or the holder would take it for an orphan.
  const operator = await openSession(url, { applicationName: `belay-waiting/${rollout ?? "-"}`, searchPath });
  try {
    await options.admit?.(operator);
    await takeOperatorLock(operator, options.name, options.operatorPatienceMs);
    await operator.rename(nameOf(rollout, "operator"));
    await endOrphans(operator, options.note);
    await ensureLedger(operator, options.actor);
    await takeOver(operator, options.actor);
    await recordMissed({ name: options.name, operator, rollout, actor: options.actor }, options.note);
    const openWorker = (): Promise<Session> =>
      openUnder(operator, url, { applicationName: nameOf(rollout, "worker"), searchPath });
    let worker = await openWorker();
    return {
      name: options.name,
      url: options.url,
      shownAs: shown(addressOf(options.url)),
      operator,
      worker: async () => {
        if (!worker.alive()) worker = await openPatiently(openWorker, options.note);
        return worker;
      },
      actor: options.actor,
      get rollout() {
        return rollout;
      },
      join: async (joined) => {
        rollout = joined;
        await operator.rename(nameOf(rollout, "operator"));
        await worker.rename(nameOf(rollout, "worker"));
      },
      lend: async (work) => {
        await releaseOperatorLock(operator);
        try {
          return await work();
        } finally {
          await takeOperatorLock(operator, options.name, lentPatienceMs);
          await worker.claim(await takeOver(operator, options.actor));
        }
      },
      close: async () => {
        await Promise.allSettled([worker.close(), operator.close()]);
      },
    };
  } catch (thrown) {
    await operator.close().catch(() => undefined); // the reason to report is the one that was thrown
    throw refusedWrite(lostEarly(thrown, addressOf(url)), addressOf(url));
  }
}

/** How long a session is waited for where all connections are taken, in milliseconds. */
const connectionPatienceMs = 60_000;
const connectionPauseMs = 250;

/** Opens a session again that was lost, as soon as there is one to be had. */
async function openPatiently(open: () => Promise<Session>, note: (message: string) => void): Promise<Session> {
  const giveUpAt = Date.now() + connectionPatienceMs;
  for (let isTold = false; ; isTold = true) {
    try {
      return await open();
    } catch (thrown) {
      const isFull = thrown instanceof BelayError && thrown.code === "connections-exhausted";
      if (!isFull || Date.now() > giveUpAt) throw thrown;
      if (!isTold) note(`${thrown.message} Waiting for one`);
      await new Promise((resolve) => setTimeout(resolve, connectionPauseMs));
    }
  }
}

function nameOf(rollout: string | null, part: "operator" | "worker"): string {
  return `belay/${rollout ?? "-"}/${part}`;
}

/**
 * Opens a worker under an operator that still holds its lock. Whoever takes a target over ends all workers that are there; one that was opened later, by a
 * process that has not noticed yet, is refused here before it can do anything.
 */
async function openUnder(operator: Session, url: string, settings: SessionOptions): Promise<Session> {
  const worker = await openSession(url, settings);
  try {
    await requireOperator(worker, operator.pid);
    if (operator.epoch !== null) await worker.claim(operator.epoch);
    return worker;
  } catch (thrown) {
    await worker.close().catch(() => undefined); // the reason to report is the one that was thrown
    throw thrown;
  }
}
