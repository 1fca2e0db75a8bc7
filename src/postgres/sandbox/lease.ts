import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isAlive, ownIdentity, processIdentitySchema } from "./process-identity.js";
import { hasCode } from "./system-error.js";

/** A claim of one command on the running server: a file that names the process. Call these only inside the sandbox's lock. */
export interface Lease {
  readonly path: string;
}

/** Writes a lease of this process. */
export async function takeLease(directory: string): Promise<Lease> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${randomUUID()}.json`);
  await writeFile(`${path}.draft`, JSON.stringify(await ownIdentity()), { mode: 0o600 });
  await rename(`${path}.draft`, path);
  return { path };
}

/** Gives a lease back. */
export async function returnLease(lease: Lease): Promise<void> {
  await rm(lease.path, { force: true });
}

/** Removes the leases of processes that are gone, and tells how many are left. */
export async function sweepLeases(directory: string): Promise<number> {
  let living = 0;
  for (const name of await namesIn(directory)) {
    const path = join(directory, name);
    if (await isHeld(path)) living += 1;
    else await rm(path, { force: true });
  }
  return living;
}

async function isHeld(path: string): Promise<boolean> {
  if (!path.endsWith(".json")) return false;
  const holder = processIdentitySchema.safeParse(parseJson(await readFile(path, "utf8")));
  return holder.success && (await isAlive(holder.data));
}

/** A lease is written whole or not at all; one that does not parse is no lease. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
