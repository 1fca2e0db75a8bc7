import type { CommandModule } from "yargs";
import { statusText, type StatusView } from "../../present/status-text.js";
import { describeDifference } from "../../snapshot/difference.js";
import type { Status } from "../../rollout/status.js";
import { standing } from "../../rollout/rollout-state.js";
import { BelayError } from "../../errors.js";
import { conduct, type SharedFlags } from "../conduct.js";

interface Flags extends SharedFlags {
  readonly rollout: string | undefined;
}

export const statusCommand: CommandModule<SharedFlags, Flags> = {
  command: "status [rollout]",
  describe: "where everything stands",
  builder: (yargs) => yargs.positional("rollout", { type: "string", describe: "only this rollout" }),
  handler: (flags) =>
    conduct("status", flags, async ({ screen, project }) => {
      const { status } = await import("../../rollout/status.js");
      const found = await status(await project(), { target: flags.target ?? null });
      const view = viewOf(found, flags.rollout);
      return { outcome: "shown", exitCode: 0, data: view, lines: statusText(view, screen.paint) };
    }),
};

function viewOf(found: Status, wanted: string | undefined): StatusView {
  const rollouts = found.rollouts.filter(({ id, ended }) => (wanted === undefined ? ended === null : id === wanted));
  if (wanted !== undefined && rollouts.length === 0) {
    throw new BelayError("usage", "rollout-unknown", `There is no rollout ${wanted}.`, {
      hint: "`belay history` lists them.",
    });
  }
  const artifacts = found.artifacts.map(({ change, freshness }) =>
    freshness.state === "warm"
      ? { change, state: freshness.state }
      : { change, state: freshness.state, reason: freshness.reason },
  );
  return {
    targets: found.targets.map(({ entries, ...target }) => ({
      ...target,
      entries: entries.length,
      applied: target.applied.map(({ id }) => id),
      live: target.applied,
      drift: target.drift?.map((difference) => ({ ...difference, message: describeDifference(difference) })) ?? null,
      artifacts,
    })),
    rollouts: rollouts.map((rollout) => ({
      id: rollout.id,
      startedAt: rollout.startedAt,
      startedBy: rollout.startedBy,
      state: rollout.ended ?? (rollout.turned === null ? (rollout.paused ? "paused" : "unfinished") : "going back"),
      changes: rollout.plan.changes.map(({ id }) => id),
      stages: rollout.plan.stages.map(({ name, approval }) => ({
        name,
        state: rollout.stagesDone.includes(name)
          ? "done"
          : approval && !rollout.approved.includes(name)
            ? "waits for an approval"
            : "open",
      })),
      standing: rollout.targets.map((progress) => ({ target: progress.target, applied: standing(progress) })),
    })),
  };
}
