import { randomBytes } from "node:crypto";
import type { Change } from "../change/change.js";
import { BelayError } from "../errors.js";
import type { FrozenPlan } from "../journal/entry.js";
import type { TargetState } from "../journal/target-state.js";
import type { Connections } from "../postgres/session/connections.js";
import { append } from "../postgres/ledger/ledger.js";
import { readEntries, readTarget } from "../postgres/ledger/reader.js";
import { readStoredSnapshot } from "../postgres/ledger/snapshots.js";
import { openTarget, type OpenTarget } from "../postgres/session/open-target.js";
import { readCatalog } from "../postgres/ledger/record-catalog.js";
import type { Session } from "../postgres/session/session.js";
import { isConnectionLost } from "../postgres/session/sql-state.js";
import type { Report } from "../progress.js";
import { describeDifference, differences } from "../snapshot/difference.js";
import type { Project } from "../system/project/project.js";
import { foldRollouts, type RolloutState } from "./rollout-state.js";

/** How long another operator is waited for before the command refuses, in milliseconds. */
const operatorPatienceMs = 3_000;

/** `20260101-014704-3f2a`: sorts by time, and two that start in one second differ. */
export function newRolloutId(now: Date): string {
  const [date = "", time = ""] = now.toISOString().replaceAll(/[-:]/g, "").split(/[T.]/);
  return `${date}-${time}-${randomBytes(2).toString("hex")}`;
}

export interface OpeningOptions {
  readonly project: Project;
  readonly connections: Connections;
  readonly actor: string;
  readonly report: Report;
  /** Called with the first session of a target before anything is done on it, also where it is opened again. */
  readonly admit: (target: string, session: Session) => Promise<void>;
}

/** The open targets of a rollout: they are opened anew where their connection is lost. */
export interface OpenTargets {
  readonly targets: ReadonlyMap<string, OpenTarget>;
  /** The target whose ledger holds what concerns the whole rollout: the first of the first stage. */
  readonly control: () => OpenTarget;
  readonly reopen: (name: string) => Promise<void>;
  /** What is done on the targets from now on belongs to this rollout. */
  readonly join: (rollout: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Becomes the operator of every target of the stages. Where one cannot be had, none is kept, and nothing was touched. */
export async function openTargets(options: OpeningOptions): Promise<OpenTargets> {
  let rollout: string | null = null;
  const { config } = options.project;
  const names = config.stages.flatMap((stage) => stage.targets);
  const targets = new Map<string, OpenTarget>();
  const open = async (name: string, patienceMs: number): Promise<void> => {
    const target = config.targets.find((candidate) => candidate.name === name);
    if (target === undefined) throw new BelayError("usage", "target-unknown", `There is no target ${name}.`);
    const url = await options.connections.urlOf(target);
    const note = (message: string): void => options.report({ kind: "note", target: name, message });
    const admit = (session: Session): Promise<void> => options.admit(name, session);
    const settings = { name, url, searchPath: config.policy.searchPath, actor: options.actor, rollout, note, admit };
    targets.set(name, await openTarget({ ...settings, operatorPatienceMs: patienceMs }));
  };
  const close = async (): Promise<void> => {
    await Promise.all([...targets.values()].map((target) => target.close()));
  };
  try {
    for (const name of names) await open(name, operatorPatienceMs);
  } catch (thrown) {
    await close();
    throw thrown;
  }
  const reopen = async (name: string): Promise<void> => {
    await targets.get(name)?.close();
    await reopenPatiently(() => {
      options.connections.forget();
      return open(name, reopenPatienceMs);
    });
  };
  return {
    targets,
    control: () => controlOf(targets, names),
    reopen,
    join: async (joined) => {
      rollout = joined;
      for (const target of targets.values()) {
        try {
          await target.join(joined);
        } catch (thrown) {
          if (!isConnectionLost(thrown)) throw thrown;
          await reopen(target.name);
        }
      }
    },
    close,
  };
}

/** How long a server that went away is waited for, in milliseconds. */
const reopenPatienceMs = 30_000;
const reopenPauseMs = 250;

async function reopenPatiently(open: () => Promise<void>): Promise<void> {
  const giveUpAt = Date.now() + reopenPatienceMs;
  for (;;) {
    try {
      await open();
      return;
    } catch (thrown) {
      if (Date.now() > giveUpAt) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, reopenPauseMs));
    }
  }
}

function controlOf(targets: ReadonlyMap<string, OpenTarget>, names: readonly string[]): OpenTarget {
  const control = targets.get(names[0] ?? "");
  if (control === undefined) throw new BelayError("usage", "target-none", "The config has no stage with a target.");
  return control;
}

/** The rollout that is not ended yet; null where there is none. */
export async function findOpenRollout(control: OpenTarget): Promise<RolloutState | null> {
  return foldRollouts(await readEntries(control.operator)).findLast((rollout) => rollout.ended === null) ?? null;
}

export async function startRollout(
  control: OpenTarget,
  rollout: string,
  actor: string,
  plan: FrozenPlan,
): Promise<void> {
  await append(control.operator, "rollout-started", { rollout, actor }, { plan });
}

export function appliedIn(state: TargetState): ReadonlySet<string> {
  return new Set(state.applied.map(({ id }) => id));
}

/** The changes that are not applied on every target of the stages, in order, up to and including `to`. */
export function pendingChanges(
  all: readonly Change[],
  states: readonly TargetState[],
  to: string | null,
): readonly Change[] {
  const end = to === null ? all.length : all.findIndex(({ id }) => id === to) + 1;
  const applied = states.map(appliedIn);
  return all.slice(0, end).filter(({ id }) => applied.some((ids) => !ids.has(id)));
}

/**
 * Refuses a target whose catalog is not as Belay left it.
 * @throws BelayError `drift` (refused), naming the differences.
 */
export async function refuseDrift(target: OpenTarget): Promise<void> {
  const { expected } = await readTarget(target.operator);
  if (expected === null) return;
  const now = await readCatalog(target.operator);
  if (now.fingerprint === expected) return;
  const before = await readStoredSnapshot(target.operator, expected);
  const found = before === null ? [] : differences(before, now.snapshot).map(describeDifference);
  const shown = found.slice(0, 5).join("; ");
  const more = found.length > 5 ? `; and ${found.length - 5} more` : "";
  throw new BelayError("refused", "drift", `${target.name}: the catalog is not as Belay left it: ${shown}${more}.`, {
    hint: "Put it back, or go on from here with --accept-drift.",
  });
}
