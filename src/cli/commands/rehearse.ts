import type { CommandModule } from "yargs";
import type { ChangeRehearsal } from "../../rehearsal/rehearse-change.js";
import { rehearsalText } from "../../present/rehearsal-text.js";
import { conduct, type SharedFlags } from "../conduct.js";
import { exitCode } from "../exit-code.js";

interface Flags extends SharedFlags {
  readonly changes: string[];
}

export const rehearseCommand: CommandModule<SharedFlags, Flags> = {
  command: "rehearse [changes..]",
  describe: "prove on a scratch copy that each pending change can be taken back",
  builder: (yargs) => yargs.positional("changes", { type: "string", array: true, default: [] }),
  handler: (flags) =>
    conduct("rehearse", flags, async ({ screen, project, signal }) => {
      const { rehearse } = await import("../../rehearsal/rehearse.js");
      const { report, paint } = screen;
      const changes = await rehearse(await project(), {
        changes: flags.changes,
        target: flags.target ?? null,
        report,
        signal,
      });
      const isProven = changes.every(({ outcome }) => outcome === "proven");
      const lines = rehearsalText(changes, paint);
      if (isProven)
        return { outcome: changes.length === 0 ? "nothing_pending" : "proven", exitCode: 0, data: { changes }, lines };
      return { outcome: "failed", exitCode: exitCode.refused, data: { changes }, lines, error: errorOf(changes) };
    }),
};

/** The first assertion that failed, and what to do. */
function errorOf(changes: readonly ChangeRehearsal[]): { code: string; message: string; hint: string } {
  const failed = changes.find(({ outcome }) => outcome === "failed");
  const assertion = failed?.assertions.find(({ passed }) => !passed);
  const wentUp = assertion?.name.startsWith("up-") !== true;
  const hint = wentUp ? "Correct its way back" : "Correct the change";
  return {
    code: "rehearsal-failed",
    message: `${failed?.change}: ${assertion?.name}: ${assertion?.detail}`,
    hint: `${hint}, then belay build and belay rehearse. Nothing but the scratch copy was touched.`,
  };
}
