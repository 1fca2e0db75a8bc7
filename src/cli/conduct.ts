import { BelayError, messageOf } from "../errors.js";
import type { Project, ProjectOptions } from "../system/project/project.js";
import { exitCodeOf } from "./exit-code.js";
import { openScreen, type Screen } from "./screen.js";

/** The flags that all commands share. */
export interface SharedFlags {
  readonly config: string | undefined;
  readonly target: string | undefined;
  readonly json: boolean;
  readonly yes: boolean;
  readonly quiet: boolean;
  /** yargs makes `--no-color` this. */
  readonly color: boolean;
}

/** What a command came to. */
export interface Outcome {
  readonly outcome: string;
  readonly exitCode: number;
  /** What stands in the JSON document beside command, outcome and exitCode. */
  readonly data: object;
  /** The same for a person. */
  readonly lines: readonly string[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** What a command works with. */
export interface Conductor {
  readonly screen: Screen;
  readonly flags: SharedFlags;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Loads the project, and says so where there is no config. */
  readonly project: (options?: Pick<ProjectOptions, "missingDown">) => Promise<Project>;
  /** Asks yes or no; null where nobody can be asked. */
  readonly ask: ((question: string) => Promise<boolean>) | null;
  /** Asks for a word to be typed; null where nobody can be asked. */
  readonly askFor: ((question: string) => Promise<string>) | null;
}

/**
 * Runs a command: gives it what it works with, prints what it came to, as text or as one JSON document, and sets the exit code. The only place
 * that does.
 */
export async function conduct(
  command: string,
  flags: SharedFlags,
  work: (conductor: Conductor) => Promise<Outcome>,
): Promise<void> {
  const colour = flags.color && !process.env["NO_COLOR"] && process.stdout.isTTY;
  const screen = openScreen({ quiet: flags.quiet, colour, json: flags.json });
  const interrupt = listenForInterrupt(screen);
  let outcome: Outcome;
  try {
    outcome = await work(conductorOf(flags, screen, interrupt.signal));
  } catch (thrown) {
    outcome = failure(thrown);
  } finally {
    interrupt.stop();
  }
  screen.print(outcome.lines);
  screen.close();
  if (outcome.error !== undefined) tellError(screen, outcome.error, outcome.exitCode);
  if (flags.json) {
    const { outcome: name, exitCode, data, error } = outcome;
    process.stdout.write(
      `${JSON.stringify({ command, outcome: name, exitCode, ...data, ...(error && { error }) }, null, 2)}\n`,
    );
  }
  process.exitCode = outcome.exitCode;
}

function conductorOf(flags: SharedFlags, screen: Screen, signal: AbortSignal): Conductor {
  const canAsk = process.stdin.isTTY && process.stderr.isTTY && !flags.json;
  return {
    screen,
    flags,
    signal,
    project: async (options = {}) => {
      const { loadProject } = await import("../system/project/project.js");
      const project = await loadProject({ ...options, configFile: flags.config ?? null });
      if (project.configFile === null)
        screen.tell(
          screen.paint.dim("No config found: one stage with the target embedded:main. `belay init` writes one."),
        );
      return project;
    },
    ask: canAsk
      ? async (message) => {
          const { confirm } = await import("@clack/prompts");
          return said(await confirm({ message, initialValue: false, output: process.stderr })) === true;
        }
      : null,
    askFor: canAsk
      ? async (message) => {
          const { text } = await import("@clack/prompts");
          return String(said(await text({ message, output: process.stderr })));
        }
      : null,
  };
}

function said<T>(answer: T | symbol): T {
  if (typeof answer === "symbol")
    throw new BelayError("interrupted", "interrupted", "Interrupted at a question. Nothing was touched since.");
  return answer;
}

function failure(thrown: unknown): Outcome {
  if (thrown instanceof BelayError && thrown.kind !== "defect") {
    const { code, message, hint } = thrown;
    const error = hint === undefined ? { code, message } : { code, message, hint };
    return { outcome: outcomeNames[thrown.kind], exitCode: exitCodeOf(thrown), data: {}, lines: [], error };
  }
  const hint = "This is a defect in Belay. Please report it with the lines above.";
  const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return {
    outcome: "defect",
    exitCode: 1,
    data: {},
    lines: [],
    error: { code: "defect", message: `${messageOf(thrown)}\n${stack}`, hint },
  };
}

const outcomeNames = {
  usage: "usage_error",
  refused: "refused",
  "rolled-back": "rolled_back",
  "not-back": "rollback_failed",
  paused: "paused",
  found: "found",
  interrupted: "interrupted",
} as const;

function tellError(screen: Screen, error: NonNullable<Outcome["error"]>, exitCode: number): void {
  const { paint, tell } = screen;
  tell(`${paint.bad("error")} ${error.message} ${paint.dim(`[${error.code}, exit ${exitCode}]`)}`);
  if (error.hint !== undefined) tell(`${paint.accent("next")}  ${error.hint}`);
}

/** The first Ctrl-C asks to stop safely; later ones only say that it is under way. */
function listenForInterrupt(screen: Screen): { readonly signal: AbortSignal; readonly stop: () => void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    const again = controller.signal.aborted;
    screen.tell(again ? "Still going back; this cannot be hurried safely." : "Stopping at the next safe point …");
    controller.abort();
  };
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
