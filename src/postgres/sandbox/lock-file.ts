import { randomUUID } from "node:crypto";
import { link, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { BelayError } from "../../errors.js";
import { isAlive, ownIdentity, processIdentitySchema, type ProcessIdentity } from "./process-identity.js";
import { hasCode } from "./system-error.js";

const POLL_INTERVAL_MS = 50;
const DEFAULT_PATIENCE_MS = 180_000;

const claimSchema = z.object({ owner: processIdentitySchema, released: z.boolean() });

interface Claim {
  readonly generation: number;
  readonly owner: ProcessIdentity;
  readonly released: boolean;
}

/**
 * Runs `work` while no other process, and no other call in this one, is inside the lock of this directory. The lock of a process that
 * is gone is taken over at once.
 *
 * The lock is the claim file with the highest number. A claim is only ever followed by the next number, through a hard link, which one
 * process alone can make; and a claim is removed only when a higher one is there. So a slow process that acts on what it read long
 * ago can make a lower claim at most, sees that, and withdraws.
 *
 * @throws BelayError `sandbox-locked` when a living process holds the lock for longer than `patienceMs`.
 */
export async function withLock<T>(
  directory: string,
  work: () => Promise<T>,
  patienceMs: number = DEFAULT_PATIENCE_MS,
): Promise<T> {
  const generation = await enter(directory, Date.now() + patienceMs);
  try {
    return await work();
  } finally {
    await leave(directory, generation);
  }
}

async function enter(directory: string, deadline: number): Promise<number> {
  for (;;) {
    const newest = await newestClaim(directory);
    if (newest === undefined || newest.released || !(await isAlive(newest.owner))) {
      const generation = (newest?.generation ?? 0) + 1;
      if (await claim(directory, generation)) return generation;
    } else if (Date.now() > deadline) {
      throw new BelayError("usage", "sandbox-locked", `The sandbox is held by process ${newest.owner.pid}.`, {
        hint: `Wait until that process has ended, or end it: kill ${newest.owner.pid}`,
      });
    }
    await sleep(POLL_INTERVAL_MS * (0.5 + Math.random()));
  }
}

async function claim(directory: string, generation: number): Promise<boolean> {
  const path = claimPath(directory, generation);
  const draft = await draftClaim(directory, false);
  try {
    await link(draft, path);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const generations = await listGenerations(directory);
  if (generations.some((other) => other > generation)) {
    await rm(path, { force: true });
    return false;
  }
  for (const older of generations.filter((other) => other < generation)) {
    await rm(claimPath(directory, older), { force: true });
  }
  return true;
}

/** A claim that was given back stays as a file, so that numbers never start again. */
async function leave(directory: string, generation: number): Promise<void> {
  await rename(await draftClaim(directory, true), claimPath(directory, generation));
}

async function newestClaim(directory: string): Promise<Claim | undefined> {
  const generation = Math.max(0, ...(await listGenerations(directory)));
  if (generation === 0) return undefined;
  try {
    const text = await readFile(claimPath(directory, generation), "utf8");
    return { generation, ...claimSchema.parse(JSON.parse(text)) };
  } catch (error) {
    // It was followed by a higher one since the directory was read.
    if (hasCode(error, "ENOENT")) return newestClaim(directory);
    throw new BelayError("usage", "sandbox-lock-unreadable", `The sandbox's lock file in ${directory} is damaged.`, {
      hint: `Remove ${claimPath(directory, generation)} when no other belay command runs.`,
      cause: error,
    });
  }
}

async function listGenerations(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names.flatMap((name) => {
    const found = /^lock\.(\d+)$/u.exec(name);
    return found?.[1] === undefined ? [] : [Number(found[1])];
  });
}

async function draftClaim(directory: string, released: boolean): Promise<string> {
  const path = join(directory, `lock.draft-${randomUUID()}`);
  await writeFile(path, JSON.stringify({ owner: await ownIdentity(), released }), { mode: 0o600 });
  return path;
}

function claimPath(directory: string, generation: number): string {
  return join(directory, `lock.${generation}`);
}
