import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly exitCode: number | null;
  readonly tookMs: number;
}

/** No contender may wait for longer than this, in milliseconds. */
const limitMs = 30 * 60_000;

/** Runs a program as a person would, but for its output, which goes to the file `output.log`. Gives how it ended. */
export async function start(argv: readonly string[], options: RunOptions): Promise<Ended> {
  const [file = "", ...args] = argv;
  const path = join(options.cwd, "output.log");
  await appendFile(path, `$ ${argv.join(" ")}\n`);
  const log = await open(path, "a");
  try {
    const startedAt = performance.now();
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...cleanEnvironment(), ...options.env },
      stdio: ["ignore", log.fd, log.fd],
      timeout: limitMs,
    });
    const [exitCode] = (await once(child, "exit")) as [number | null];
    return { exitCode, tookMs: performance.now() - startedAt };
  } finally {
    await log.close();
  }
}

/** The same for one that must succeed. @throws with the end of what it said where it does not. */
export async function run(argv: readonly string[], options: RunOptions): Promise<number> {
  const { exitCode, tookMs } = await start(argv, options);
  if (exitCode === 0) return tookMs;
  throw new Error(`${argv.join(" ")} ended with ${exitCode}:\n${await lastOutput(options.cwd)}`);
}

export async function lastOutput(folder: string): Promise<string> {
  return (await readFile(join(folder, "output.log"), "utf8")).split("\n").slice(-30).join("\n");
}

/** Without what would lead a contender to another database, or colour its output. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = (name: string): boolean => /^(PG[A-Z]|npm_)|^(DATABASE_URL|NODE_OPTIONS|FORCE_COLOR)$/.test(name);
  return { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign(name))), NO_COLOR: "1" };
}

/** Whether a program can be run on this machine at all. */
export async function canRun(file: string, ...args: readonly string[]): Promise<boolean> {
  return promisify(execFile)(file, args).then(
    () => true,
    () => false,
  );
}
