import type { CommandModule } from "yargs";
import { historyText } from "../../present/history-text.js";
import { conduct, type SharedFlags } from "../conduct.js";
import { exitCode } from "../exit-code.js";

export const historyCommand: CommandModule<SharedFlags, SharedFlags> = {
  command: "history",
  describe: "everything that happened",
  handler: (flags) =>
    conduct("history", flags, async ({ screen, project }) => {
      const { history } = await import("../../rollout/status.js");
      const targets = await history(await project(), flags.target ?? null);
      const isBroken = targets.some(({ broken }) => broken !== null);
      return {
        outcome: isBroken ? "broken" : "shown",
        exitCode: isBroken ? exitCode.found : 0,
        data: { targets },
        lines: historyText(targets, screen.paint),
      };
    }),
};
