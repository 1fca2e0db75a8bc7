import { findChange } from "../change/find.js";
import { parseChangeId } from "../change/change-id.js";
import { BelayError } from "../errors.js";
import { foldTarget } from "../journal/target-state.js";
import { withConnections, type Connections } from "../postgres/session/connections.js";
import { append } from "../postgres/ledger/ledger.js";
import { readEntries } from "../postgres/ledger/reader.js";
import { withSession, type Session } from "../postgres/session/session.js";
import { currentActor } from "../system/actor.js";
import { selectTargets } from "../system/config/select-targets.js";
import type { Project } from "../system/project/project.js";
import { foldRollouts, type RolloutState } from "./rollout-state.js";

const steering = { applicationName: "belay-steer" };

/** Approves the next stage of a rollout that waits for it, or the stage that is named. Gives the stage. */
export async function approve(project: Project, rollout: string, stage: string | null): Promise<string> {
  return onControl(project, async (session) => {
    const state = await findRollout(session, rollout);
    const waiting = state.plan.stages.filter(
      ({ name, approval }) => approval && !state.approved.includes(name) && !state.stagesDone.includes(name),
    );
    const wanted = stage === null ? waiting[0] : waiting.find(({ name }) => name === stage);
    if (wanted === undefined) {
      throw new BelayError(
        "usage",
        "nothing-to-approve",
        `The rollout ${state.id} waits for no approval${stage === null ? "" : ` of ${stage}`}.`,
      );
    }
    await append(session, "approved", { rollout: state.id, actor: currentActor() }, { stage: wanted.name });
    return wanted.name;
  });
}

/** Asks a running rollout to pause before its next step. */
export async function requestPause(project: Project, rollout: string): Promise<string> {
  return onControl(project, async (session) => {
    const { id } = await findRollout(session, rollout);
    await append(session, "pause-requested", { rollout: id, actor: currentActor() }, {});
    return id;
  });
}

/** Asks a running rollout to go back. */
export async function requestAbort(project: Project, rollout: string): Promise<string> {
  return onControl(project, async (session) => {
    const { id } = await findRollout(session, rollout);
    await append(session, "abort-requested", { rollout: id, actor: currentActor() }, {});
    return id;
  });
}

/** Releases a held change on every target where it is held. Gives those targets. */
export async function retry(
  project: Project,
  change: string,
  reason: string,
  target: string | null,
): Promise<readonly string[]> {
  if (reason.trim() === "")
    throw new BelayError("usage", "reason-missing", "A held change is released with a reason.", {
      hint: '--reason "<why>"',
    });
  return withConnections(
    project,
    () => undefined,
    async (connections) => {
      const released: string[] = [];
      // The project knows the title; the ledger of a held change only its id.
      const wanted = project.changes.find(({ id, title, name }) => [id, title, name].includes(change))?.id ?? change;
      for (const one of selectTargets(project.config, target)) {
        const url = await connections.urlOf(one);
        if (await withSession(url, steering, (session) => releaseOn(session, wanted, reason))) released.push(one.name);
      }
      if (released.length > 0) return released;
      throw new BelayError("usage", "not-held", `${change} is held on no target.`, {
        hint: "`belay status` lists what is held.",
      });
    },
  );
}

async function releaseOn(session: Session, wanted: string, reason: string): Promise<boolean> {
  const { held } = foldTarget(await readEntries(session));
  const known = held.map(({ id }) => ({ ...(parseChangeId(id) ?? { version: id, name: id }), id, title: id }));
  const fitting = known.filter((change) => fits(change, wanted));
  for (const { id } of fitting) await append(session, "released", { change: id, actor: currentActor() }, { reason });
  return fitting.length > 0;
}

function fits(change: Parameters<typeof findChange>[0][number], wanted: string): boolean {
  try {
    findChange([change], wanted);
    return true;
  } catch (thrown) {
    if (thrown instanceof BelayError && thrown.code === "change-unknown") return false;
    throw thrown;
  }
}

async function findRollout(session: Session, wanted: string): Promise<RolloutState> {
  const unfinished = foldRollouts(await readEntries(session)).filter(({ ended }) => ended === null);
  const found = unfinished.find(({ id }) => id === wanted);
  if (found !== undefined) return found;
  const known =
    unfinished.length === 0 ? "None is unfinished." : `Unfinished: ${unfinished.map(({ id }) => id).join(", ")}.`;
  throw new BelayError("usage", "rollout-unknown", `There is no unfinished rollout ${wanted}.`, { hint: known });
}

async function onControl<T>(project: Project, work: (session: Session) => Promise<T>): Promise<T> {
  const name = project.config.stages[0]?.targets[0];
  const control = project.config.targets.find((target) => target.name === name);
  if (control === undefined) throw new BelayError("usage", "target-none", "The config has no stage with a target.");
  return withConnections(
    project,
    () => undefined,
    async (connections: Connections) => withSession(await connections.urlOf(control), steering, work),
  );
}
