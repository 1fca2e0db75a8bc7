import type { CommandModule } from "yargs";
import { BelayError } from "../../errors.js";
import { previewText, revertText } from "../../present/revert-text.js";
import type { TargetPreview, TargetRevert } from "../../revert/revert-target.js";
import type { Selection } from "../../revert/select.js";
import { conduct, type Conductor, type Outcome, type SharedFlags } from "../conduct.js";
import { exitCode } from "../exit-code.js";
import { endingBlockers, terminateBlockersFlag, type TerminateBlockersFlag } from "../terminate-blockers.js";

interface Flags extends SharedFlags, TerminateBlockersFlag {
  readonly changes: string[];
  readonly last: boolean;
  readonly to: string | undefined;
  readonly rollout: string | undefined;
  readonly print: boolean;
  readonly reason: string;
  readonly settle: boolean;
  readonly "accept-loss": string[];
  readonly "accept-copy": string[];
  readonly "accept-renamed": string[];
}

export const revertCommand: CommandModule<SharedFlags, Flags> = {
  command: "revert [changes..]",
  describe: "the emergency way back",
  builder: (yargs) =>
    yargs
      .positional("changes", { type: "string", array: true, default: [] })
      .option("last", { type: "boolean", default: false, describe: "the change that was applied last" })
      .option("to", { type: "string", describe: "everything that was applied after this change" })
      .option("rollout", { type: "string", describe: "everything that this rollout applied" })
      .options(terminateBlockersFlag)
      .option("reason", { type: "string", default: "belay revert", describe: "why, for the ledger" })
      .option("settle", {
        type: "boolean",
        default: true,
        describe: "move the values of hidden columns away, and drop them; --no-settle leaves that to the next command",
      })
      .option("accept-loss", {
        type: "string",
        array: true,
        default: [],
        describe: "a change of whose way back only a part is sealed",
      })
      .option("accept-copy", {
        type: "string",
        array: true,
        default: [],
        describe: "a target whose database was restored from a copy, moved or renamed, its ledger with it",
      })
      .option("accept-renamed", {
        type: "string",
        array: true,
        default: [],
        describe: "a target whose database had another target's name before",
      })
      .option("print", { type: "boolean", default: false, describe: "print the SQL, touch nothing" }),
  handler: (flags) =>
    conduct("revert", flags, async (conductor) => {
      const project = endingBlockers(await conductor.project(), flags);
      const selection = selectionOf(flags);
      if (flags.print) {
        const { printArtifacts } = await import("../../revert/print.js");
        const sql = await printArtifacts(project, selection);
        return { outcome: "printed", exitCode: 0, data: { sql }, lines: [sql] };
      }
      const { revert } = await import("../../revert/revert.js");
      const targets = await revert(project, {
        selection,
        targets: flags.target === undefined ? [] : [flags.target],
        reason: flags.reason,
        settle: flags.settle,
        acceptLoss: flags["accept-loss"],
        accepted: { copies: flags["accept-copy"], renamed: flags["accept-renamed"] },
        report: conductor.screen.report,
        confirm: (previews) => confirm(conductor, previews),
      });
      return outcomeOf(targets, conductor);
    }),
};

function selectionOf({ changes, last, to, rollout }: Flags): Selection {
  const given: Selection[] = [];
  if (changes.length > 0) given.push({ kind: "changes", names: changes });
  if (last) given.push({ kind: "last" });
  if (to !== undefined) given.push({ kind: "to", name: to });
  if (rollout !== undefined) given.push({ kind: "rollout", id: rollout });
  const [only, ...more] = given;
  if (only === undefined || more.length > 0) {
    throw new BelayError(
      "usage",
      "selection-unclear",
      "Say what to take back: a change, --last, --to <change> or --rollout <id>; one of them.",
      {
        hint: "`belay status` shows what is live.",
      },
    );
  }
  return only;
}

/** What is lost for good wants the change's name typed; else a yes is enough. */
async function confirm(conductor: Conductor, previews: readonly TargetPreview[]): Promise<boolean> {
  const { screen, flags, ask, askFor } = conductor;
  const views = previews;
  for (const line of previewText(views, screen.paint)) screen.tell(line);
  if (flags.yes) return true;
  if (ask === null || askFor === null) {
    throw new BelayError("refused", "not-confirmed", "Nobody can be asked here. Nothing was touched.", {
      hint: "Give --yes.",
    });
  }
  const [first] = views.filter(({ loss }) => loss.length > 0);
  if (first === undefined) return ask("Take this back?");
  const title = first.revert[0]?.title ?? "";
  return (await askFor(`Something is lost for good. Type ${title} to go on`)).trim() === title;
}

function outcomeOf(targets: readonly TargetRevert[], { screen }: Conductor): Outcome {
  const failed = targets.filter(({ problem }) => problem !== null);
  const data = {
    targets: targets.map(({ problem, ...target }) => (problem === null ? target : { ...target, problem })),
  };
  const lines = revertText(targets, screen.paint);
  if (failed.length > 0) {
    const message = failed.map(({ target, problem }) => `${target}: ${problem}`).join("; ");
    const hint = "Run the same command again when its cause is gone; `belay status` shows where it stands.";
    return {
      outcome: "rollback_failed",
      exitCode: exitCode["not-back"],
      data,
      lines,
      error: { code: "not-back", message, hint },
    };
  }
  const touched = targets.some(({ reverted }) => reverted.length > 0);
  return { outcome: touched ? "reverted" : "nothing_to_do", exitCode: 0, data, lines };
}
