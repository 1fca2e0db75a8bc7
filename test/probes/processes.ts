import { readFileSync } from "node:fs";

/** The command that runs a program of a few lines. */
export function node(program: string): readonly string[] {
  return [process.execPath, "-e", program];
}

/** Whether a process runs. A zombie, which only waits for somebody to ask for its exit code, does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== "linux") return true;
    return !/^State:\s+Z/mu.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
