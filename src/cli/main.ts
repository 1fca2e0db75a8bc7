#!/usr/bin/env node
import yargs, { type CommandModule } from "yargs";
import { hideBin } from "yargs/helpers";
import { belayVersion } from "../system/version.js";
import { buildCommand } from "./commands/build.js";
import { checkCommand } from "./commands/check.js";
import { driftCommand } from "./commands/drift.js";
import { historyCommand } from "./commands/history.js";
import { initCommand } from "./commands/init.js";
import { newCommand } from "./commands/new.js";
import { planCommand } from "./commands/plan.js";
import { proposeCommand } from "./commands/propose.js";
import { purgeCommand } from "./commands/purge.js";
import { rehearseCommand } from "./commands/rehearse.js";
import { revertCommand } from "./commands/revert.js";
import { rolloutCommand } from "./commands/rollout.js";
import { statusCommand } from "./commands/status.js";
import { abortCommand, approveCommand, pauseCommand, resumeCommand, retryCommand } from "./commands/steer.js";
import type { SharedFlags } from "./conduct.js";
import { flagsOf, usageError } from "./usage-error.js";

const commands = [
  initCommand, proposeCommand, newCommand, buildCommand, checkCommand, rehearseCommand, planCommand, rolloutCommand, statusCommand, historyCommand,
  approveCommand, pauseCommand, resumeCommand, abortCommand, retryCommand, revertCommand, driftCommand, purgeCommand,
] as unknown as readonly CommandModule<SharedFlags>[]; // prettier-ignore

const sharedFlags = ["config", "target", "json", "yes", "quiet", "no-color", "help", "version"];

const cli = yargs(hideBin(process.argv))
  .scriptName("belay")
  .usage(
    "$0 <command>\n\nReversible rollouts for PostgreSQL: the way back is rehearsed before the way forward may run.",
  )
  .option("config", { type: "string", describe: "the config file" })
  .option("target", { type: "string", describe: "only this target" })
  .option("json", { type: "boolean", default: false, describe: "exactly one JSON document on stdout" })
  .option("yes", { type: "boolean", default: false, describe: "do not ask" })
  .option("quiet", { type: "boolean", default: false, describe: "no progress" })
  .option("color", { type: "boolean", default: true, describe: "colours; also off with NO_COLOR" })
  .version(belayVersion())
  .completion("completion", "print a completion script for the shell")
  .strict()
  .demandCommand(1, "Which command?")
  .recommendCommands()
  .wrap(Math.min(100, process.stdout.columns || 100))
  .fail((message, thrown) => {
    const argv = hideBin(process.argv);
    const called = commands.find(({ command }) => argv.includes(String(command).split(" ")[0] ?? ""));
    usageError(message, thrown, argv, [...sharedFlags, ...flagsOf(called)]);
  });

for (const command of commands) cli.command(command);
await cli.parseAsync();
