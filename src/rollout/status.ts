import type { Freshness } from "../artifact/freshness.js";
import type { Change } from "../change/change.js";
import { BelayError, messageOf } from "../errors.js";
import { foldTarget, type AppliedChange, type HeldChange, type OpenChange } from "../journal/target-state.js";
import { findBreak } from "../journal/chain.js";
import type { Entry } from "../journal/entry.js";
import { buildsOf } from "../postgres/build-plan.js";
import { withConnections, type Connections } from "../postgres/session/connections.js";
import { readWatermark, type Watermark } from "../postgres/ledger/batches.js";
import { readKept, type Kept } from "../postgres/ledger/kept.js";
import { readChain } from "../postgres/ledger/ledger.js";
import { readEntries } from "../postgres/ledger/reader.js";
import { readStoredSnapshot } from "../postgres/ledger/snapshots.js";
import { readCatalog } from "../postgres/ledger/record-catalog.js";
import { withSession, type Session } from "../postgres/session/session.js";
import { differences, type Difference } from "../snapshot/difference.js";
import type { Target } from "../system/config/config.js";
import { selectTargets } from "../system/config/select-targets.js";
import type { Project } from "../system/project/project.js";
import { freshnessOf, freshnessOfApplied } from "./preflight.js";
import { foldRollouts, type RolloutState } from "./rollout-state.js";
import { controlTarget } from "./unfinished.js";

export interface TargetStatus {
  readonly target: string;
  /** Why it could not be looked at; null where it could. */
  readonly unreachable: string | null;
  readonly applied: readonly AppliedChange[];
  readonly pending: readonly string[];
  readonly held: readonly HeldChange[];
  readonly open: OpenChange | null;
  /** How far a statement of the open change has come that runs in batches; null where there is none. */
  readonly watermark: Watermark | null;
  readonly kept: readonly Kept[];
  /** Null where Belay has not left a catalog to compare with. */
  readonly drift: readonly Difference[] | null;
  /** The whole ledger, oldest entry first. */
  readonly entries: readonly Entry[];
}

export interface Status {
  readonly targets: readonly TargetStatus[];
  readonly artifacts: readonly { readonly change: string; readonly freshness: Freshness }[];
  /** Known to the first target's ledger, oldest first. */
  readonly rollouts: readonly RolloutState[];
}

/** Where everything stands. Reads only; a target that cannot be reached is said to be so. */
export async function status(project: Project, options: { readonly target: string | null }): Promise<Status> {
  const builds = buildsOf(project);
  const targets = selectTargets(project.config, options.target);
  return withConnections(
    project,
    () => undefined,
    async (connections) => {
      const looked: TargetStatus[] = [];
      for (const target of targets) looked.push(await lookAt(target, builds.changes, connections));
      const artifacts = [];
      const pending = new Set(looked.flatMap((one) => one.pending));
      for (const change of builds.changes) {
        const isPending = pending.has(change.id);
        const freshness = isPending
          ? await freshnessOf(project, await builds.of(change), Date.now())
          : await freshnessOfApplied(project, change, Date.now());
        artifacts.push({ change: change.id, freshness });
      }
      const control = looked.find(({ target }) => target === controlTarget(project)) ?? looked[0];
      const ledgers = new Map(looked.map(({ target, entries }) => [target, entries]));
      return { targets: looked, artifacts, rollouts: foldRollouts(control?.entries ?? [], ledgers) };
    },
  );
}

/** What happened on a target. */
export interface TargetHistory {
  readonly target: string;
  /** Oldest first. */
  readonly entries: readonly Entry[];
  /** Where the chain of hashes is broken: somebody wrote into the ledger by hand. Null where it is whole. */
  readonly broken: { readonly seq: number; readonly why: string } | null;
}

/** Everything that happened on the targets, with the chain of each ledger verified. */
export async function history(project: Project, target: string | null): Promise<readonly TargetHistory[]> {
  const targets = selectTargets(project.config, target);
  return withConnections(
    project,
    () => undefined,
    async (connections) => {
      const found: TargetHistory[] = [];
      for (const one of targets) {
        const url = await connections.urlOf(one);
        found.push(await withSession(url, reader, (session) => readHistory(session, one.name)));
      }
      return found;
    },
  );
}

async function readHistory(session: Session, target: string): Promise<TargetHistory> {
  const entries = await readEntries(session);
  return { target, entries, broken: findBreak(await readChain(session)) };
}

const reader = { applicationName: "belay-read/status" };

async function lookAt(target: Target, changes: readonly Change[], connections: Connections): Promise<TargetStatus> {
  try {
    return await withSession(await connections.urlOf(target), reader, (session) => read(target, changes, session));
  } catch (thrown) {
    if (!(thrown instanceof BelayError)) throw thrown;
    const nothing = {
      applied: [],
      pending: [],
      held: [],
      open: null,
      watermark: null,
      kept: [],
      drift: null,
      entries: [],
    };
    return { target: target.name, unreachable: messageOf(thrown), ...nothing };
  }
}

async function read(target: Target, changes: readonly Change[], session: Session): Promise<TargetStatus> {
  const entries = await readEntries(session);
  const state = foldTarget(entries);
  const applied = new Set(state.applied.map(({ id }) => id));
  return {
    target: target.name,
    unreachable: null,
    applied: state.applied,
    pending: changes.map(({ id }) => id).filter((id) => !applied.has(id)),
    held: state.held,
    open: state.open,
    watermark: state.open === null ? null : await readWatermark(session, state.open.id),
    kept: await readKept(session),
    drift: state.expected === null ? null : await driftFrom(session, state.expected),
    entries,
  };
}

async function driftFrom(session: Session, expected: string): Promise<readonly Difference[] | null> {
  const now = await readCatalog(session);
  if (now.fingerprint === expected) return [];
  const before = await readStoredSnapshot(session, expected);
  return before === null ? null : differences(before, now.snapshot);
}
