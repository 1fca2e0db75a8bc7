import { withConnections } from "../postgres/session/connections.js";
import { purgeKept, readKept, type Kept } from "../postgres/ledger/kept.js";
import { readTarget } from "../postgres/ledger/reader.js";
import type { OpenTarget } from "../postgres/session/open-target.js";
import { settleHidden } from "../postgres/run/settle-hidden.js";
import { runTransaction, type RunContext } from "../postgres/run/run-transaction.js";
import { BelayError } from "../errors.js";
import type { Report } from "../progress.js";
import type { LockPolicy } from "../postgres/run/run-context.js";
import type { Project } from "../system/project/project.js";
import { holdTarget, type HeldTarget } from "./held-target.js";
import { targetsOf } from "./revert.js";

export interface PurgeOptions {
  /** Ids of changes; all by default. */
  readonly changes?: readonly string[];
  /** What is younger stays, in milliseconds; by default `policy.keep`. */
  readonly olderThanMs?: number;
  readonly targets?: readonly string[];
  /** Only shows what would go. */
  readonly dryRun?: boolean;
  readonly report?: Report;
  readonly signal?: AbortSignal;
  /** Shows what will go, and asks. Nothing was touched when it says no. */
  readonly confirm?: (found: readonly PurgeFound[]) => Promise<boolean>;
}

/** What is past its time on a target. */
export interface PurgeFound {
  readonly target: string;
  readonly purge: readonly Purgeable[];
  /** What stays, since it is younger or was not asked for. */
  readonly stays: number;
}

export interface Purgeable extends Kept {
  /** Whether its change is applied, so that a way back could only make it anew, without what it held. */
  readonly endsWayBack: boolean;
}

/**
 * Drops for good what is kept past its retention: the point of no return, and the ledger says so.
 * @throws BelayError `kept-in-use`, `lock-patience-spent`; what was dropped before stays dropped.
 */
export async function purge(project: Project, options: PurgeOptions): Promise<readonly PurgeFound[]> {
  const report = options.report ?? (() => undefined);
  const note = (message: string): void => report({ kind: "note", target: null, message });
  return withConnections(project, note, async (connections) => {
    const held: HeldTarget[] = [];
    try {
      for (const target of targetsOf(project, options.targets ?? [])) {
        held.push(await holdTarget({ target, project, connections, report }));
      }
      const found: PurgeFound[] = [];
      for (const { open } of held) {
        if (options.dryRun !== true)
          await settleHidden({ target: open, lock: project.config.policy.lock, report }, null);
        found.push(await lookFor(open, project, options));
      }
      const concerned = found.filter((one) => one.purge.length > 0);
      if (options.dryRun === true || concerned.length === 0) return found;
      if (options.confirm !== undefined && !(await options.confirm(concerned))) throw notConfirmed();
      for (const [index, { open }] of held.entries()) {
        for (const kept of found[index]?.purge ?? []) await purgeOne(open, kept, project.config.policy.lock, options);
      }
      return found;
    } finally {
      await Promise.all(held.map(({ open }) => open.close()));
    }
  });
}

async function lookFor(open: OpenTarget, project: Project, options: PurgeOptions): Promise<PurgeFound> {
  const olderThanMs = options.olderThanMs ?? project.config.policy.keepMs;
  const applied = new Set((await readTarget(open.operator)).applied.map(({ id }) => id));
  const kept = await readKept(open.operator);
  const isWanted = ({ change, ageSeconds }: Kept): boolean =>
    ageSeconds * 1_000 >= olderThanMs && (options.changes === undefined || options.changes.includes(change));
  const purge = kept
    .filter(isWanted)
    .map((one) => ({ ...one, endsWayBack: one.direction === "up" && applied.has(one.change) }));
  return { target: open.name, purge, stays: kept.length - purge.length };
}

async function purgeOne(target: OpenTarget, kept: Kept, lock: LockPolicy, options: PurgeOptions): Promise<void> {
  const context: RunContext = {
    target,
    change: kept.change,
    direction: kept.direction,
    lock,
    report: options.report ?? (() => undefined),
    signal: options.signal ?? new AbortController().signal,
  };
  const named = `purge ${kept.objects.join(", ")}`;
  await runTransaction(context, named, (session) => purgeKept(session, kept.seq, target.actor));
}

function notConfirmed(): BelayError {
  return new BelayError("refused", "not-confirmed", "Not confirmed. Nothing was touched.", {
    hint: "Give --yes where nobody can be asked.",
  });
}
