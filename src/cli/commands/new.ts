import type { CommandModule } from "yargs";
import { conduct, type SharedFlags } from "../conduct.js";

interface Flags extends SharedFlags {
  readonly name: string;
  readonly ts: boolean | undefined;
  readonly command: boolean | undefined;
}

export const newCommand: CommandModule<SharedFlags, Flags> = {
  command: "new <name>",
  describe: "write an empty pair",
  builder: (yargs) =>
    yargs
      .positional("name", { type: "string", demandOption: true, describe: "for example AddRegionToTasks" })
      // No default: a flag that has one counts as given, and the two would always be in conflict.
      .option("ts", { type: "boolean", describe: "a knex migration in TypeScript" })
      .option("command", { type: "boolean", describe: "a pair of commands" })
      .conflicts("ts", "command"),
  handler: (flags) =>
    conduct("new", flags, async ({ screen: { paint }, project }) => {
      const { newChange } = await import("../../authoring/new-change.js");
      const form = flags.ts ? "ts" : flags.command ? "command" : "sql";
      const files = await newChange(await project(), flags.name, form, new Date());
      const lines = [
        ...files.map((file) => `${paint.good("written")} ${file}`),
        "",
        `${paint.accent("next")}  fill it in, then belay build`,
      ];
      return { outcome: "written", exitCode: 0, data: { files }, lines };
    }),
};
