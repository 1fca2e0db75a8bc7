import type { CommandModule } from "yargs";
import { describeDifference } from "../../snapshot/difference.js";
import { conduct, type SharedFlags } from "../conduct.js";
import { exitCode } from "../exit-code.js";

export const driftCommand: CommandModule<SharedFlags, SharedFlags> = {
  command: "drift",
  describe: "the live catalog against the ledger",
  handler: (flags) =>
    conduct("drift", flags, async ({ screen: { paint }, project }) => {
      const { status } = await import("../../rollout/status.js");
      const found = await status(await project(), { target: flags.target ?? null });
      const targets = found.targets.map(({ target, drift, unreachable }) => ({
        target,
        unreachable,
        differences: drift ?? [],
      }));
      const lines = targets.flatMap(({ target, unreachable, differences }) => {
        if (unreachable !== null) return [`${paint.strong(target)}  ${paint.bad(unreachable)}`];
        if (differences.length === 0) return [`${paint.strong(target)}  ${paint.good("as Belay left it")}`];
        return [
          `${paint.strong(target)}  ${paint.bad("drift")}`,
          ...differences.map((one) => `  ${describeDifference(one)}`),
        ];
      });
      const isFound = targets.some(({ differences, unreachable }) => differences.length > 0 || unreachable !== null);
      return { outcome: isFound ? "found" : "none", exitCode: isFound ? exitCode.found : 0, data: { targets }, lines };
    }),
};
