import type { CommandModule } from "yargs";
import { planText } from "../../present/plan-text.js";
import { conduct, type SharedFlags } from "../conduct.js";
import { rolloutOutcome } from "../rollout-outcome.js";
import { endingBlockers, terminateBlockersFlag, type TerminateBlockersFlag } from "../terminate-blockers.js";

interface Flags extends SharedFlags, TerminateBlockersFlag {
  readonly to: string | undefined;
  readonly stage: string | undefined;
  readonly retry: string | undefined;
  readonly "dry-run": boolean;
  readonly "accept-loss": string[];
  readonly "accept-drift": boolean;
  readonly "accept-renamed": string[];
  readonly "out-of-order": boolean;
  readonly plan: string | undefined;
}

export const rolloutCommand: CommandModule<SharedFlags, Flags> = {
  command: "rollout",
  describe: "carry the pending changes through the stages, and take them back when a gate fails",
  builder: (yargs) =>
    yargs
      .option("to", { type: "string", describe: "the last change to apply" })
      .option("stage", { type: "string", describe: "the last stage to go to" })
      .options(terminateBlockersFlag)
      .option("retry", { type: "string", describe: "release held changes, with this reason" })
      .option("dry-run", { type: "boolean", default: false, describe: "show the plan, touch nothing" })
      .option("accept-loss", {
        type: "string",
        array: true,
        default: [],
        describe: "a change without a way back that may run",
      })
      .option("accept-drift", {
        type: "boolean",
        default: false,
        describe: "go on from a catalog that is not as Belay left it",
      })
      .option("out-of-order", {
        type: "boolean",
        default: false,
        describe: "run changes that are older than the newest applied one",
      })
      .option("plan", { type: "string", describe: "the digest that `belay plan` printed: run that, or nothing" })
      .option("accept-renamed", {
        type: "string",
        array: true,
        default: [],
        describe: "a target whose database had another target's name before",
      }),
  handler: (flags) =>
    conduct("rollout", flags, async ({ screen, project, signal, ask }) => {
      const loaded = endingBlockers(await project(), flags);
      const { to = null, stage = null, target = null } = flags;
      if (flags["dry-run"]) {
        const { planRollout } = await import("../../rollout/plan-rollout.js");
        const plan = await planRollout(loaded, { to, stage, target, outOfOrder: flags["out-of-order"] });
        return { outcome: "dry_run", exitCode: 0, data: { plan }, lines: planText(plan, screen.paint) };
      }
      const { rollout } = await import("../../rollout/rollout.js");
      const result = await rollout(loaded, {
        report: screen.report,
        signal,
        to,
        stage,
        target,
        retry: flags.retry ?? null,
        acceptLoss: flags["accept-loss"],
        acceptDrift: flags["accept-drift"],
        acceptRenamed: flags["accept-renamed"],
        outOfOrder: flags["out-of-order"],
        plan: flags.plan ?? null,
        yes: flags.yes,
        ask,
      });
      return rolloutOutcome(result, screen.paint, "rollout");
    }),
};
