import { BelayError, messageOf } from "../errors.js";
import type { Admission } from "./admission.js";
import type { Connections } from "../postgres/session/connections.js";
import { askWhatBecame } from "../postgres/run/commit-unknown.js";
import { openTarget, type OpenTarget } from "../postgres/session/open-target.js";
import { connectionLost, isConnectionLost } from "../postgres/session/sql-state.js";
import type { Report } from "../progress.js";
import { currentActor } from "../system/actor.js";
import type { Target } from "../system/config/config.js";
import type { Project } from "../system/project/project.js";

/** A target that is opened again where its connection is lost. */
export interface HeldTarget {
  /** As it is open now. */
  readonly open: OpenTarget;
  /** Does the work, and does it again on a new connection where the old one is lost: so it must look first what has happened already. */
  persist<T>(work: (open: OpenTarget) => Promise<T>): Promise<T>;
}

export interface HoldingOptions {
  readonly target: Target;
  readonly project: Project;
  readonly connections: Connections;
  readonly report: Report;
  /** Which databases are let in; by default each one to which the url leads. */
  readonly admission?: Admission;
}

/** How long another operator is waited for, in milliseconds: it may be about to go back by itself. */
const operatorPatienceMs = 10_000;
/** How long a server that went away is waited for, in milliseconds. */
const returnPatienceMs = 30_000;
const returnPauseMs = 250;
/** How often in a row one piece of work may lose its connection. */
const maxLosses = 3;

/** @throws BelayError naming the target: `operator-busy`, or why there is no session. */
export async function holdTarget(options: HoldingOptions): Promise<HeldTarget> {
  let open = await openOne(options);
  const persist = async <T>(work: (open: OpenTarget) => Promise<T>): Promise<T> => {
    for (let losses = 1; ; losses += 1) {
      try {
        return await work(open);
      } catch (thrown) {
        if (!isConnectionLost(thrown) || losses === maxLosses) throw thrown;
        const message = `the connection was lost (${messageOf(thrown)}); looking where it stands`;
        options.report({ kind: "warning", target: open.name, message });
        await open.close();
        open = await reopen(options);
        await askWhatBecame(open, thrown, options.report);
      }
    }
  };
  return {
    get open() {
      return open;
    },
    persist,
  };
}

async function reopen(options: HoldingOptions): Promise<OpenTarget> {
  const giveUpAt = Date.now() + returnPatienceMs;
  for (;;) {
    options.connections.forget();
    try {
      return await openOne(options);
    } catch (thrown) {
      if (Date.now() > giveUpAt) throw connectionLost(options.target.name, thrown, "run the same command again");
      await new Promise((resolve) => setTimeout(resolve, returnPauseMs));
    }
  }
}

async function openOne({ target, project, connections, report, admission }: HoldingOptions): Promise<OpenTarget> {
  try {
    const open = await openTarget({
      name: target.name,
      url: await connections.urlOf(target),
      searchPath: project.config.policy.searchPath,
      actor: currentActor(),
      rollout: null,
      operatorPatienceMs,
      ...(admission !== undefined && { admit: (session) => admission.admit(session) }),
      note: (message) => report({ kind: "note", target: target.name, message }),
    });
    return await settled(open, admission);
  } catch (thrown) {
    if (!(thrown instanceof BelayError)) throw thrown;
    throw new BelayError(thrown.kind, thrown.code, `${target.name}: ${messageOf(thrown)}`, {
      ...(thrown.hint !== undefined && { hint: thrown.hint }),
      cause: thrown,
    });
  }
}

async function settled(open: OpenTarget, admission: Admission | undefined): Promise<OpenTarget> {
  try {
    await admission?.settle(open);
    return open;
  } catch (thrown) {
    await open.close();
    throw thrown;
  }
}
