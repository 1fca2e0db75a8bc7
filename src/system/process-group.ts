import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 20;
/** After SIGKILL only the kernel has work left; a zombie that nobody reaps must not hold us up. */
const REAP_MS = 1_000;

const running = new Set<number>();

/**
 * Remembers a process group, so that it does not outlive this process: a detached group hears neither the terminal's Ctrl-C nor
 * our end. The listener stands as long as there is a group to kill.
 */
export function trackGroup(groupId: number): { readonly release: () => void } {
  if (running.size === 0) process.on("exit", killAll);
  running.add(groupId);
  const guard = guardGroup(groupId);
  return {
    release: () => {
      guard.dismiss();
      running.delete(groupId);
      if (running.size === 0) process.off("exit", killAll);
    },
  };
}

/**
 * A shell that waits for a word from us, and kills the group when it hears our end instead: no listener of ours runs after SIGKILL. It leads a group of its own,
 * which the terminal's Ctrl-C does not reach. Windows has neither this shell nor process groups.
 */
function guardGroup(groupId: number): { readonly dismiss: () => void } {
  if (process.platform === "win32") return { dismiss: () => undefined };
  const guard = spawn("/bin/sh", ["-c", 'read -r word || kill -s KILL -- "-$0"', String(groupId)], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.on("error", () => undefined); // without a shell the group is still killed by all but SIGKILL
  guard.stdin.on("error", () => undefined); // it was killed before us
  guard.unref();
  return { dismiss: () => guard.stdin.end("dismissed\n") };
}

/** Asks a whole process group to end, and kills what is left of it after the grace (ms). Returns when it is gone. */
export async function endGroup(groupId: number, graceMs: number): Promise<void> {
  signalGroup(groupId, "SIGTERM");
  if (await isGoneWithin(groupId, graceMs)) return;
  signalGroup(groupId, "SIGKILL");
  await isGoneWithin(groupId, REAP_MS);
}

function killAll(): void {
  for (const groupId of running) signalGroup(groupId, "SIGKILL");
}

async function isGoneWithin(groupId: number, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (signalGroup(groupId, 0)) {
    if (performance.now() >= end) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Whether there was anyone to signal. ESRCH: nobody is left. EPERM: only members that are no longer ours (macOS says so of zombies). */
function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-groupId, signal);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === "ESRCH" || code === "EPERM") return false;
    throw thrown;
  }
}
