import { execa } from "execa";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { BelayError, messageOf } from "../errors.js";
import { captureOutput } from "./output-capture.js";
import { endGroup, trackGroup } from "./process-group.js";

export interface RunCommandOptions {
  readonly cwd: string;
  /** Added to the environment of this process; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** The command and all its children are ended after so many ms; without it there is no limit. */
  readonly timeoutMs?: number | undefined;
  /** Ends the command and all its children. */
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: ((line: string, stream: "stdout" | "stderr") => void) | undefined;
  /** How long a command has between SIGTERM and SIGKILL, in ms; 2 s without it. */
  readonly graceMs?: number | undefined;
  /** How many characters of each stream are kept, its last ones; 1 MiB without it. */
  readonly outputLimit?: number | undefined;
}

export interface CommandResult {
  /** null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly cancelled: boolean;
  readonly durationMs: number;
}

const OUTPUT_LIMIT = 1_048_576;
const GRACE_MS = 2_000;
/** A child that went on in the background may keep our pipe open; what the command itself said has been read long before. */
const DRAIN_MS = 500;

/**
 * Runs a command without a shell, in a process group of its own, and waits for its end. A timeout or an abort ends the whole group:
 * SIGTERM, and SIGKILL after the grace. Standard input is empty. A command that fails is a result, not an error.
 *
 * @throws BelayError of kind `usage`: `command-empty`, `command-not-found`, `command-not-executable`, `command-folder-missing`
 */
export async function runCommand(argv: readonly string[], options: RunCommandOptions): Promise<CommandResult> {
  const [file, ...args] = argv;
  if (file === undefined || file === "") throw new BelayError("usage", "command-empty", "There is no command to run.");
  if (options.signal?.aborted === true) return notStarted();
  const startedAt = performance.now();
  const child = execa(file, args, {
    cwd: options.cwd,
    ...(options.env === undefined ? {} : { env: options.env }),
    stdin: "ignore",
    buffer: false,
    detached: true,
    reject: false,
  });
  const limit = options.outputLimit ?? OUTPUT_LIMIT;
  const stdout = captureOutput(child.stdout, limit, lineTaker(options, "stdout"));
  const stderr = captureOutput(child.stderr, limit, lineTaker(options, "stderr"));
  if (child.pid === undefined) throw startError(file, options.cwd, await child);
  const ended = await superviseGroup(child.pid, once(child, "exit"), options);
  const drained = setTimeout(() => {
    child.stdout.destroy();
    child.stderr.destroy();
  }, DRAIN_MS);
  await child;
  // What they said last may still be on its way when the child counts as ended.
  await Promise.all([stdout.closed, stderr.closed]);
  clearTimeout(drained);
  return {
    exitCode: child.exitCode,
    signal: child.signalCode,
    stdout: stdout.text(),
    stderr: stderr.text(),
    ...ended,
    durationMs: performance.now() - startedAt,
  };
}

interface Ended {
  readonly timedOut: boolean;
  readonly cancelled: boolean;
}

/** Waits for a command's exit, or ends its group when the time is up or the signal comes, whichever is first. */
async function superviseGroup(groupId: number, exit: Promise<unknown>, options: RunCommandOptions): Promise<Ended> {
  const tracked = trackGroup(groupId);
  const stop = stopRequest(options);
  try {
    const reason = await Promise.race([exit.then(() => "exit" as const), stop.requested]);
    if (reason !== "exit") {
      await endGroup(groupId, options.graceMs ?? GRACE_MS);
      await exit;
    }
    return { timedOut: reason === "timeout", cancelled: reason === "cancel" };
  } finally {
    stop.dispose();
    tracked.release();
  }
}

function stopRequest({ timeoutMs, signal }: RunCommandOptions): {
  readonly requested: Promise<"timeout" | "cancel">;
  readonly dispose: () => void;
} {
  const { promise, resolve } = promiseWithResolver<"timeout" | "cancel">();
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => resolve("timeout"), timeoutMs);
  const onAbort = (): void => resolve("cancel");
  signal?.addEventListener("abort", onAbort, { once: true });
  const dispose = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
  return { requested: promise, dispose };
}

function promiseWithResolver<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolver) => {
    resolve = resolver;
  });
  return { promise, resolve };
}

function lineTaker({ onLine }: RunCommandOptions, stream: "stdout" | "stderr"): ((line: string) => void) | undefined {
  return onLine === undefined ? undefined : (line) => onLine(line, stream);
}

function notStarted(): CommandResult {
  return { exitCode: null, signal: null, stdout: "", stderr: "", timedOut: false, cancelled: true, durationMs: 0 };
}

/** The system says ENOENT of a missing folder as of a missing executable. */
function startError(
  file: string,
  cwd: string,
  result: { readonly code?: string | undefined; readonly cause?: unknown },
): BelayError {
  const cause = result.cause;
  if (!existsSync(cwd)) {
    return new BelayError(
      "usage",
      "command-folder-missing",
      `The folder "${cwd}" to run "${file}" in does not exist.`,
      { cause },
    );
  }
  if (result.code === "ENOENT") {
    return new BelayError("usage", "command-not-found", `There is no executable "${file}".`, {
      hint: 'Give its path, or a name that stands in PATH. A shell\'s own words (cd, source, pipes) need a shell: ["sh", "-c", "…"].',
      cause,
    });
  }
  return new BelayError("usage", "command-not-executable", `"${file}" could not be started: ${messageOf(cause)}`, {
    cause,
  });
}
