import type { CommandModule } from "yargs";
import { BelayError } from "../../errors.js";
import { findChange } from "../../change/find.js";
import { purgeText } from "../../present/purge-text.js";
import type { PurgeFound } from "../../revert/purge.js";
import { parseDuration } from "../../system/duration.js";
import { conduct, type Conductor, type SharedFlags } from "../conduct.js";

interface Flags extends SharedFlags {
  readonly changes: string[];
  readonly "older-than": string | undefined;
  readonly "dry-run": boolean;
}

export const purgeCommand: CommandModule<SharedFlags, Flags> = {
  command: "purge [changes..]",
  describe: "drop for good what is kept past its retention",
  builder: (yargs) =>
    yargs
      .positional("changes", { type: "string", array: true, default: [] })
      .option("older-than", { type: "string", describe: "what is younger stays, such as 12h; by default policy.keep" })
      .option("dry-run", { type: "boolean", default: false, describe: "show what would go, touch nothing" }),
  handler: (flags) =>
    conduct("purge", flags, async (conductor) => {
      const project = await conductor.project();
      const { purge } = await import("../../revert/purge.js");
      const olderThan = flags["older-than"];
      const targets = await purge(project, {
        ...(flags.changes.length > 0 && { changes: flags.changes.map((name) => findChange(project.changes, name).id) }),
        ...(olderThan !== undefined && { olderThanMs: parseDuration(olderThan) }),
        targets: flags.target === undefined ? [] : [flags.target],
        dryRun: flags["dry-run"],
        report: conductor.screen.report,
        signal: conductor.signal,
        confirm: (found) => confirm(conductor, found),
      });
      const isAny = targets.some(({ purge: gone }) => gone.length > 0);
      const outcome = !isAny ? "nothing_to_do" : flags["dry-run"] ? "planned" : "purged";
      const lines = purgeText(targets, conductor.screen.paint, outcome === "purged");
      return { outcome, exitCode: 0, data: { targets }, lines };
    }),
};

/** It cannot be undone: a yes is not enough where a change is applied that could then not be taken back as it was. */
async function confirm({ screen, flags, ask, askFor }: Conductor, found: readonly PurgeFound[]): Promise<boolean> {
  for (const line of purgeText(found, screen.paint, false)) screen.tell(line);
  if (flags.yes) return true;
  if (ask === null || askFor === null) {
    throw new BelayError("refused", "not-confirmed", "Nobody can be asked here. Nothing was touched.", {
      hint: "Give --yes.",
    });
  }
  const endsWays = found.some(({ purge }) => purge.some(({ endsWayBack }) => endsWayBack));
  if (!endsWays) return ask("Drop this for good?");
  return (await askFor("This ends ways back. Type purge to go on")).trim() === "purge";
}
