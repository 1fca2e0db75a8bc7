import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { BelayError } from "../errors.js";
import type { Interrupt } from "./interrupt.js";
import type { Narrator } from "./narrator.js";

const commandLine = fileURLToPath(new URL("../cli/main.js", import.meta.url));

/** Runs one command of Belay as a person would. */
export type RunBelay = (...args: readonly string[]) => Promise<number>;

/**
 * Prints each command and runs it in the playground, on the story's own terminal. Gives its exit code.
 * @returns a function that throws BelayError `interrupted` when a person stopped the story meanwhile.
 */
export function belayIn(directory: string, narrator: Narrator, interrupt: Interrupt): RunBelay {
  return async (...args) => {
    interrupt.check();
    const { paint } = narrator;
    narrator.line(`${paint.dim("$")} ${paint.strong(["belay", ...args.map(quoted)].join(" "))}`);
    const code = await run(directory, args, interrupt);
    const shown = `exit ${code}`;
    narrator.line(`${code === 0 ? paint.dim(shown) : paint.warn(shown)}\n`);
    interrupt.check();
    return code;
  };
}

async function run(directory: string, args: readonly string[], interrupt: Interrupt): Promise<number> {
  const child = spawn(process.execPath, [commandLine, ...args], {
    cwd: directory,
    env: storyEnvironment(),
    // In a session of its own it hears of Ctrl-C from the story alone, once.
    detached: true,
    stdio: ["ignore", "inherit", "inherit"],
  });
  interrupt.passTo(child);
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  if (code === null) throw new BelayError("defect", "story-command-killed", `The command was ended by ${signal}.`);
  return code;
}

/** Without what would lead the story to another database than its own. */
export function storyEnvironment(): NodeJS.ProcessEnv {
  const isForeign = (name: string): boolean =>
    /^PG[A-Z]/.test(name) || name === "DATABASE_URL" || name === "STAGING_URL";
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isForeign(name)));
}

function quoted(argument: string): string {
  return /^[\w./:=@-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}
