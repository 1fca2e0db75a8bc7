import type { CommandModule } from "yargs";
import { historyText } from "../../present/history-text.js";
import { history } from "../../rollout/status.js";
import { conduct, type SharedFlags } from "../conduct.js";

export const historyCommand: CommandModule<SharedFlags, SharedFlags> = {
  command: "history",
  describe: "everything that happened",
  handler: (flags) =>
    conduct("history", flags, async ({ screen, project }) => {
      const targets = await history(await project(), flags.target ?? null);
      return { outcome: "shown", exitCode: 0, data: { targets }, lines: historyText(targets, screen.paint) };
    }),
};
