import type { CommandModule } from "yargs";
import { BelayError } from "../../errors.js";
import { conduct, type Conductor, type Outcome, type SharedFlags } from "../conduct.js";
import { rolloutOutcome } from "../rollout-outcome.js";
import { endingBlockers, terminateBlockersFlag, type TerminateBlockersFlag } from "../terminate-blockers.js";

interface RolloutFlags extends SharedFlags, TerminateBlockersFlag {
  readonly rollout: string;
}

function steering(
  name: string,
  describe: string,
  work: (conductor: Conductor, flags: RolloutFlags) => Promise<Outcome>,
): CommandModule<SharedFlags, RolloutFlags> {
  return {
    command: `${name} <rollout>`,
    describe,
    builder: (yargs) => {
      const named = yargs.positional("rollout", { type: "string", demandOption: true });
      return name === "resume" || name === "abort" ? named.options(terminateBlockersFlag) : named;
    },
    handler: (flags) => conduct(name, flags, (conductor) => work(conductor, flags)),
  };
}

export const approveCommand = steering(
  "approve",
  "approve the next stage of a rollout",
  async ({ project, screen }, flags) => {
    const { approve } = await import("../../rollout/steer.js");
    const stage = await approve(await project(), flags.rollout, null);
    const lines = [
      `${screen.paint.good("approved")} the stage ${stage}`,
      `${screen.paint.accent("next")}  belay resume ${flags.rollout}`,
    ];
    return { outcome: "approved", exitCode: 0, data: { rollout: flags.rollout, stage }, lines };
  },
);

export const pauseCommand = steering("pause", "stop a rollout before its next step", async ({ project }, flags) => {
  const { requestPause } = await import("../../rollout/steer.js");
  await requestPause(await project(), flags.rollout);
  return {
    outcome: "requested",
    exitCode: 0,
    data: { rollout: flags.rollout },
    lines: [`The rollout ${flags.rollout} stops before its next step.`],
  };
});

export const resumeCommand = steering("resume", "go on with a rollout", async (conductor, flags) => {
  const { project, screen, signal, ask } = conductor;
  const { rollout } = await import("../../rollout/rollout.js");
  const options = { report: screen.report, signal, ask, yes: flags.yes, rollout: flags.rollout };
  const loaded = endingBlockers(await project(), flags);
  return rolloutOutcome(await rollout(loaded, options), screen.paint, "rollout");
});

export const abortCommand = steering("abort", "stop a rollout and go back", async ({ project, screen }, flags) => {
  const { rollout } = await import("../../rollout/rollout.js");
  const loaded = endingBlockers(await project(), flags);
  try {
    return rolloutOutcome(
      await rollout(loaded, { report: screen.report, rollout: flags.rollout, abort: true }),
      screen.paint,
      "abort",
    );
  } catch (thrown) {
    if (!(thrown instanceof BelayError) || thrown.code !== "operator-busy") throw thrown;
    // It is being carried out at this moment: that process goes back, and says so in its own terminal.
    const { requestAbort } = await import("../../rollout/steer.js");
    await requestAbort(loaded, flags.rollout);
    return {
      outcome: "requested",
      exitCode: 0,
      data: { rollout: flags.rollout },
      lines: [`The process that carries out ${flags.rollout} is asked to go back.`],
    };
  }
});

interface RetryFlags extends SharedFlags {
  readonly change: string;
  readonly reason: string;
}

export const retryCommand: CommandModule<SharedFlags, RetryFlags> = {
  command: "retry <change>",
  describe: "release a change that is held because it failed or was taken back",
  builder: (yargs) =>
    yargs
      .positional("change", { type: "string", demandOption: true })
      .option("reason", { type: "string", demandOption: true, describe: "why it may run again" }),
  handler: (flags) =>
    conduct("retry", flags, async ({ project, screen: { paint } }) => {
      const { retry } = await import("../../rollout/steer.js");
      const targets = await retry(await project(), flags.change, flags.reason, flags.target ?? null);
      const lines = [
        `${paint.good("released")} ${flags.change} on ${targets.join(", ")}`,
        `${paint.accent("next")}  belay rollout`,
      ];
      return { outcome: "released", exitCode: 0, data: { change: flags.change, targets }, lines };
    }),
};
