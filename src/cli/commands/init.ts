import type { CommandModule } from "yargs";
import { conduct, type SharedFlags } from "../conduct.js";

export const initCommand: CommandModule<SharedFlags, SharedFlags> = {
  command: "init",
  describe: "write a config, migrations/ and rollbacks/",
  handler: (flags) =>
    conduct("init", flags, async ({ screen: { paint } }) => {
      const { init } = await import("../../authoring/init.js");
      const made = await init(process.cwd());
      const lines =
        made.length === 0
          ? ["Everything is there already; nothing was touched."]
          : made.map((file) => `${paint.good("made")} ${file}`);
      const next =
        made.length === 0 ? [] : ["", `${paint.accent("next")}  belay propose <report.md>, or belay new <Name>`];
      return {
        outcome: made.length === 0 ? "unchanged" : "done",
        exitCode: 0,
        data: { made },
        lines: [...lines, ...next],
      };
    }),
};
