import type { CommandModule } from "yargs";
import type { ProposeResult } from "../../authoring/propose.js";
import { proposeText } from "../../present/propose-text.js";
import { conduct, type SharedFlags } from "../conduct.js";

interface Flags extends SharedFlags {
  readonly report: string;
  readonly "dry-run": boolean;
}

export const proposeCommand: CommandModule<SharedFlags, Flags> = {
  command: "propose <report>",
  describe: "turn a report into pairs and their artifacts",
  builder: (yargs) =>
    yargs
      .positional("report", { type: "string", demandOption: true, describe: "the report, in Markdown" })
      .option("dry-run", { type: "boolean", default: false, describe: "print the pairs, write nothing" }),
  handler: (flags) =>
    conduct("propose", flags, async ({ screen, project }) => {
      const { propose } = await import("../../authoring/propose.js");
      const result = await propose(await project(), flags.report, { dryRun: flags["dry-run"] });
      const lines = proposeText(viewOf(result), screen.paint, flags["dry-run"]);
      return { outcome: flags["dry-run"] ? "dry_run" : outcomeOf(result), exitCode: 0, data: dataOf(result), lines };
    }),
};

function outcomeOf(result: ProposeResult): string {
  return result.changes.some(({ action }) => action === "written" || action === "updated") ? "written" : "unchanged";
}

function viewOf({ proposal, changes, advisories }: ProposeResult): Parameters<typeof proposeText>[0] {
  return {
    ...proposal,
    advisories,
    changes: changes.map(({ proposed, files, action }) => ({ ...proposed, files, action })),
  };
}

function dataOf({ proposal, changes, advisories }: ProposeResult): object {
  const { id, severity, blockExecution, risks, mitigations } = proposal;
  return {
    proposal: { id, severity, blocked: blockExecution, risks, mitigations },
    changes: changes.map(({ proposed, files, action }) => {
      const { requires, irreversible, warnings, heading } = proposed;
      return { id: proposed.id, title: proposed.title, files, action, requires, irreversible, warnings, heading };
    }),
    advisories: advisories.map(({ heading, text, line }) => ({ heading, text, line })),
  };
}
