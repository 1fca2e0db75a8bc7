import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterFile } from "./after-file.js";

/** A command, and where it runs. */
export interface Call {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
}

export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Standing {
  readonly child: ChildProcess;
  /** What it says from now on goes there. */
  hear: (stream: "stdout" | "stderr", text: string) => void;
  busy: boolean;
}

const hostFile = fileURLToPath(new URL("command-host.mjs", import.meta.url));
/** After its last command it has nothing to do; what is still open then was left open by a command. */
const endLimitMs = 15_000;

let standing: Standing | null = null;

/**
 * Runs a command in a process of the built command line that stands ready from the command before, so that it need not start again; null while that runs another. Its
 * words, folder, environment, output and exit code are those of a process of its own. Where a command ends the process, the next one gets a new one.
 * @throws where it takes too long.
 */
export async function runStanding(main: string, call: Call): Promise<Ended | null> {
  if (standing?.busy === true) return null;
  const host = (standing ??= stand(main));
  host.busy = true;
  try {
    return await run(host, call);
  } finally {
    host.busy = false;
    if (!host.child.connected) standing = null;
  }
}

function stand(main: string): Standing {
  const child = fork(hostFile, [main], { stdio: ["ignore", "pipe", "pipe", "ipc"], execArgv: [] });
  const made: Standing = { child, hear: () => undefined, busy: false };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream]?.setEncoding("utf8").on("data", (text: string) => made.hear(stream, text));
  afterFile(() => end(made));
  return made;
}

async function run(host: Standing, { args, cwd, env, timeoutMs }: Call): Promise<Ended> {
  const { child } = host;
  const mark = `\0${randomUUID()}\0`;
  const said = { stdout: "", stderr: "" };
  const ended = (exitCode: number): Ended => ({
    exitCode,
    stdout: textOf(said.stdout, mark),
    stderr: textOf(said.stderr, mark),
  });
  const stop = new AbortController();
  const { signal } = stop;
  const heard = new Promise<void>((resolve) => {
    host.hear = (stream, text) => {
      said[stream] += text;
      if (said.stdout.endsWith(mark) && said.stderr.endsWith(mark)) resolve();
    };
  });
  const done = once(child, "message", { signal }).then(async ([{ exitCode }]) => heard.then(() => ended(exitCode)));
  const died = once(child, "close", { signal }).then(([code]) => ended(Number(code ?? -1)));
  const late = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`belay ${args.join(" ")} took too long\n${said.stdout}\n${said.stderr}`));
    }, timeoutMs);
    signal.addEventListener("abort", () => clearTimeout(timer));
  });
  child.send({ args, cwd, env, mark });
  try {
    return await Promise.race([done, died, late]);
  } finally {
    for (const waiting of [done, died]) waiting.catch(() => undefined);
    stop.abort();
  }
}

/** As a process of its own would be read: without the last end of line. */
function textOf(said: string, mark: string): string {
  return (said.endsWith(mark) ? said.slice(0, -mark.length) : said).replace(/\r?\n$/, "");
}

async function end(host: Standing): Promise<void> {
  if (standing === host) standing = null;
  if (host.child.exitCode !== null || host.child.signalCode !== null) return;
  const exited = once(host.child, "exit", { signal: AbortSignal.timeout(endLimitMs) });
  host.child.disconnect();
  await exited.catch((thrown: unknown) => {
    host.child.kill("SIGKILL");
    throw new Error("a command left something open: its process did not end", { cause: thrown });
  });
}
