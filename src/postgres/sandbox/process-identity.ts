import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { z } from "zod";
import { hasCode } from "./system-error.js";

const run = promisify(execFile);

/** A process, told apart from a later one that was given the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in whatever form this platform tells; empty where it does not tell. */
  readonly startedAt: string;
}

export const processIdentitySchema = z.object({ pid: z.int().positive(), startedAt: z.string() });

let own: Promise<ProcessIdentity> | undefined;

/** The identity of this process. */
export function ownIdentity(): Promise<ProcessIdentity> {
  own ??= startTimeOf(process.pid).then((startedAt) => ({ pid: process.pid, startedAt: startedAt ?? "" }));
  return own;
}

/** Whether exactly this process, and not another one with its pid, still runs. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  if (!(await isRunning(identity.pid))) return false;
  const startedAt = await startTimeOf(identity.pid);
  return startedAt === undefined || startedAt === "" || identity.startedAt === "" || startedAt === identity.startedAt;
}

/** Whether any process with this pid runs. A zombie, which only waits to be reaped, does not. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!hasCode(error, "EPERM")) return false;
  }
  const state = (await procStat(pid))?.state;
  return state !== "Z" && state !== "X";
}

/** The command line of a process, or undefined where this platform does not tell. */
export async function commandLineOf(pid: number): Promise<string | undefined> {
  if (process.platform === "linux") return readIfThere(`/proc/${pid}/cmdline`);
  return askPs(pid, "command=");
}

async function startTimeOf(pid: number): Promise<string | undefined> {
  if (process.platform !== "linux") return askPs(pid, "lstart=");
  const stat = await procStat(pid);
  if (stat === undefined) return undefined;
  // Ticks since boot repeat after a reboot, so the boot is named too.
  const boot = (await readIfThere("/proc/sys/kernel/random/boot_id"))?.trim() ?? "";
  return `${boot}/${stat.startTicks}`;
}

/** Fields 3 and 22 of /proc/<pid>/stat (proc(5)); the name in field 2 may hold blanks and parentheses. */
async function procStat(pid: number): Promise<{ readonly state: string; readonly startTicks: string } | undefined> {
  const text = process.platform === "linux" ? await readIfThere(`/proc/${pid}/stat`) : undefined;
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, startTicks] = [fields[0], fields[19]];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH", "EACCES", "EPERM")) return undefined;
    throw error;
  }
}

async function askPs(pid: number, column: string): Promise<string | undefined> {
  if (process.platform === "win32") return undefined;
  try {
    const { stdout } = await run("ps", ["-o", column, "-p", String(pid)], { env: { ...process.env, LC_ALL: "C" } });
    return stdout.trim();
  } catch {
    // ps is missing, or the process is gone: nothing is known, and callers treat it so.
    return undefined;
  }
}
