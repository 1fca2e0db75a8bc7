import type { CommandModule } from "yargs";
import { BelayError } from "../../errors.js";
import { conduct, type SharedFlags } from "../conduct.js";
import { deriveOutcome, type DeriveFlags } from "../derive.js";
import { exitCode } from "../exit-code.js";

interface Flags extends DeriveFlags {
  readonly check: boolean;
  readonly derive: boolean;
}

export const buildCommand: CommandModule<SharedFlags, Flags> = {
  command: "build [changes..]",
  describe: "(re)build the artifacts",
  builder: (yargs) =>
    yargs
      .positional("changes", { type: "string", array: true, default: [] })
      .option("check", { type: "boolean", default: false, describe: "write nothing; fail where one is out of date" })
      .option("derive", {
        type: "boolean",
        default: false,
        describe: "write the way back of changes that have none, from their effect on a scratch copy",
      })
      .option("force", {
        type: "boolean",
        default: false,
        describe: "with --derive: in the place of one that is there",
      }),
  handler: (flags) =>
    conduct("build", flags, async (conductor) => {
      refuseTogether(flags);
      if (flags.derive) return deriveOutcome(flags, conductor);
      const {
        screen: { paint, report },
        project,
      } = conductor;
      const { buildArtifacts } = await import("../../authoring/build-artifacts.js");
      const artifacts = await buildArtifacts(await project(), flags.changes, flags.check, report);
      const stale = artifacts.filter(({ action }) => action === "out-of-date");
      const lines = artifacts.map(({ file, action, reason }) => {
        const shown =
          action === "out-of-date" ? paint.bad(action) : action === "built" ? paint.good(action) : paint.dim(action);
        return `${shown} ${file}${reason === null ? "" : paint.dim(`  ${reason}`)}`;
      });
      if (artifacts.length === 0) lines.push("There are no changes in migrations/.");
      const data = { artifacts };
      if (stale.length > 0)
        return {
          outcome: "out_of_date",
          exitCode: exitCode.found,
          data,
          lines: [...lines, `${paint.accent("next")}  belay build`],
        };
      return {
        outcome: artifacts.some(({ action }) => action === "built") ? "built" : "unchanged",
        exitCode: 0,
        data,
        lines,
      };
    }),
};

function refuseTogether({ check, derive, force }: Flags): void {
  if (check && derive)
    throw new BelayError(
      "usage",
      "flags-together",
      "--derive writes, and --check writes nothing: give one of the two.",
    );
  if (force && !derive) throw new BelayError("usage", "flags-together", "--force goes with --derive.");
}
