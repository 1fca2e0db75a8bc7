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
  return {
    release: () => {
      running.delete(groupId);
      if (running.size === 0) process.off("exit", killAll);
    },
  };
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
