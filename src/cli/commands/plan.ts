import type { CommandModule } from "yargs";
import { planText } from "../../present/plan-text.js";
import { conduct, type SharedFlags } from "../conduct.js";

interface Flags extends SharedFlags {
  readonly to: string | undefined;
  readonly stage: string | undefined;
}

export const planCommand: CommandModule<SharedFlags, Flags> = {
  command: "plan",
  describe: "what a rollout would do: statements, locks, the way back, gates",
  builder: (yargs) =>
    yargs
      .option("to", { type: "string", describe: "the last change to apply" })
      .option("stage", { type: "string", describe: "the last stage to go to" }),
  handler: (flags) =>
    conduct("plan", flags, async ({ screen, project }) => {
      const { to = null, stage = null, target = null } = flags;
      const { planRollout } = await import("../../rollout/plan-rollout.js");
      const plan = await planRollout(await project(), { to, stage, target });
      return {
        outcome: plan.changes.length === 0 ? "nothing_pending" : "planned",
        exitCode: 0,
        data: { plan },
        lines: planText(plan, screen.paint),
      };
    }),
};
