import type { CommandModule } from "yargs";
import { planText } from "../../present/plan-text.js";
import { conduct, type SharedFlags } from "../conduct.js";

interface Flags extends SharedFlags {
  readonly to: string | undefined;
}

export const planCommand: CommandModule<SharedFlags, Flags> = {
  command: "plan",
  describe: "what a rollout would do: statements, locks, the way back, gates",
  builder: (yargs) => yargs.option("to", { type: "string", describe: "the last change to apply" }),
  handler: (flags) =>
    conduct("plan", flags, async ({ screen, project }) => {
      const { planRollout } = await import("../../rollout/plan-rollout.js");
      const plan = await planRollout(await project(), flags.to ?? null);
      return {
        outcome: plan.changes.length === 0 ? "nothing_pending" : "planned",
        exitCode: 0,
        data: { plan },
        lines: planText(plan, screen.paint),
      };
    }),
};
