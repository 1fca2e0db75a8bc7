import { readdir, readFile, readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BelayError } from "../../errors.js";
import { commandLineOf, isRunning } from "./process-identity.js";
import { hasCode } from "./system-error.js";

const POLL_INTERVAL_MS = 25;
const FAST_STOP_TIMEOUT_MS = 60_000;
const IMMEDIATE_STOP_TIMEOUT_MS = 15_000;

/** The first process of a server, as it describes itself in `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number | undefined;
  /** Whether it takes connections by now. */
  readonly ready: boolean;
}

/** The living postmaster of a data directory, or undefined. A file that a killed one left behind does not count. */
export async function findPostmaster(dataDirectory: string): Promise<Postmaster | undefined> {
  const written = await readPidFile(dataDirectory);
  if (written === undefined || !(await isPostmaster(written.pid, dataDirectory))) return undefined;
  return written;
}

/**
 * Clears away what a killed server left: backends that still run, and a `postmaster.pid` whose pid now belongs to another program, at
 * which PostgreSQL would refuse to start. Its shared memory is cleared by the next server itself.
 */
export async function clearRemains(dataDirectory: string): Promise<void> {
  await endOrphans(dataDirectory);
  const written = await readPidFile(dataDirectory);
  if (written !== undefined && (await isRunning(written.pid))) {
    await rm(join(dataDirectory, "postmaster.pid"), { force: true });
  }
}

/**
 * Stops a server: open transactions are rolled back (fast shutdown), and where that does not end, it is cut off, which the next start
 * recovers from (manual, 18.5 "Shutting Down the Server").
 *
 * @throws BelayError `sandbox-stop-failed` when it outlives both.
 */
export async function stopPostmaster(postmaster: Postmaster, dataDirectory: string): Promise<void> {
  signal(postmaster.pid, "SIGINT");
  if (await isGoneWithin(postmaster.pid, FAST_STOP_TIMEOUT_MS)) return;
  signal(postmaster.pid, "SIGQUIT");
  if (await isGoneWithin(postmaster.pid, IMMEDIATE_STOP_TIMEOUT_MS)) return endOrphans(dataDirectory);
  throw new BelayError(
    "usage",
    "sandbox-stop-failed",
    `The sandbox server (process ${postmaster.pid}) does not stop.`,
    {
      hint: `End it: kill -9 ${postmaster.pid}`,
    },
  );
}

/** `postmaster.pid`, line by line: pid, data directory, start time, port, socket directory, address, shared memory key, status. */
async function readPidFile(dataDirectory: string): Promise<Postmaster | undefined> {
  let text: string;
  try {
    text = await readFile(join(dataDirectory, "postmaster.pid"), "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  const lines = text.split("\n");
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: port > 0 ? port : undefined, ready: lines[7]?.trim() === "ready" };
}

/** A pid alone may be another program's by now; a postmaster has its data directory on its command line. */
async function isPostmaster(pid: number, dataDirectory: string): Promise<boolean> {
  if (!(await isRunning(pid))) return false;
  const commandLine = await commandLineOf(pid);
  if (commandLine === undefined) return true;
  return commandLine.includes("postgres") && commandLine.includes(dataDirectory);
}

/**
 * Ends the server processes that work in this data directory without a postmaster. They notice its death themselves, but not before
 * the statement that they run is done. Only Linux tells where a process works; elsewhere the next server waits for them.
 */
async function endOrphans(dataDirectory: string): Promise<void> {
  const orphans = await processesWorkingIn(dataDirectory);
  for (const pid of orphans) signal(pid, "SIGQUIT");
  for (const pid of orphans) {
    if (await isGoneWithin(pid, IMMEDIATE_STOP_TIMEOUT_MS)) continue;
    signal(pid, "SIGKILL");
    await isGoneWithin(pid, IMMEDIATE_STOP_TIMEOUT_MS);
  }
}

/** Every process of a server has its data directory as its working directory and `postgres` as its program. */
async function processesWorkingIn(dataDirectory: string): Promise<readonly number[]> {
  if (process.platform !== "linux") return [];
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/u.test(name)).map(Number);
  const found: number[] = [];
  for (const pid of pids) {
    const [directory, program] = await Promise.all([linkOf(`/proc/${pid}/cwd`), linkOf(`/proc/${pid}/exe`)]);
    if (directory === dataDirectory && /\/postgres( \(deleted\))?$/u.test(program ?? "")) found.push(pid);
  }
  return found;
}

async function linkOf(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch {
    // It ended in this moment, or is another user's and so not ours.
    return undefined;
  }
}

async function isGoneWithin(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (await isRunning(pid)) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_INTERVAL_MS);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}
