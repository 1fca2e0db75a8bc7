import type { CommandModule } from "yargs";
import { findingsText } from "../../present/findings-text.js";
import { githubText, sarifText } from "../../present/findings-formats.js";
import { belayVersion } from "../../system/version.js";
import { conduct, type SharedFlags } from "../conduct.js";
import { exitCode } from "../exit-code.js";

const formats = ["text", "json", "sarif", "github"] as const;

interface Flags extends SharedFlags {
  readonly changes: string[];
  readonly format: (typeof formats)[number];
}

export const checkCommand: CommandModule<SharedFlags, Flags> = {
  command: "check [changes..]",
  describe: "pairs complete, digests right, artifacts fresh; with --target, known to that server's own parser",
  builder: (yargs) =>
    yargs
      .positional("changes", { type: "string", array: true, default: [] })
      .option("format", { choices: formats, default: "text" as const, describe: "how the findings are printed" }),
  handler: (flags) => {
    const json = flags.json || flags.format === "json";
    return conduct("check", { ...flags, json }, async ({ screen: { paint } }) => {
      const { check } = await import("../../authoring/check.js");
      const { loadConfig } = await import("../../system/config/load-config.js");
      const { config, root, file } = await loadConfig(process.cwd(), flags.config ?? null, process.env);
      const findings = await check({ config, root, configFile: file }, flags.changes, flags.target ?? null);
      const isFound = findings.some(({ severity }) => severity === "error");
      const lines =
        flags.format === "sarif" ? sarifText(findings, belayVersion())
        : flags.format === "github" ? githubText(findings)
        : findingsText(findings, paint); // prettier-ignore
      return {
        outcome: isFound ? "found" : "clean",
        exitCode: isFound ? exitCode.found : 0,
        data: { findings },
        lines,
      };
    });
  },
};
