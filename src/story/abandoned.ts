import { lstat, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { openFolder, temporaryFolder } from "../postgres/sandbox/folder.js";
import { sweepLeases } from "../postgres/sandbox/lease.js";
import { withLock } from "../postgres/sandbox/lock-file.js";
import { findPostmaster, stopPostmaster } from "../postgres/sandbox/postmaster.js";
import { isAlive, processIdentitySchema } from "../postgres/sandbox/process-identity.js";
import { hasCode } from "../postgres/sandbox/system-error.js";

/** Tells whose playground a folder is: the story's process. */
export const ownerFile = ".story.json";

/** A younger folder may be one whose story is about to sign it, in milliseconds. */
const unsignedForMs = 60_000;

/** How the folders of this user's stories begin. */
export function playgroundPrefix(): string {
  return `belay-story-${process.getuid?.() ?? "user"}-`;
}

/** Ends and removes what a story that was killed has left: its server and its folders. */
export async function sweepPlaygrounds(): Promise<void> {
  const parent = await temporaryFolder();
  const names = (await readdir(parent)).filter((name) => name.startsWith(playgroundPrefix()));
  for (const name of names) {
    try {
      await removeUnlessHeld(join(parent, name));
    } catch (thrown) {
      // Another story removes it at this moment.
      if (!hasCode(thrown, "ENOENT")) throw thrown;
    }
  }
}

async function removeUnlessHeld(directory: string): Promise<void> {
  const found = await lstat(directory);
  if (!found.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid)) return;
  if (await isOwned(directory, found.mtimeMs)) return;
  const folder = await openFolder(directory);
  const isHeld = await withLock(folder.root, async () => {
    if ((await sweepLeases(folder.leases)) > 0) return true;
    const postmaster = await findPostmaster(folder.data);
    if (postmaster !== undefined) await stopPostmaster(postmaster, folder.data);
    return false;
  });
  if (isHeld) return;
  await rm(folder.root, { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true });
}

async function isOwned(directory: string, changedMs: number): Promise<boolean> {
  const text = await readOwner(directory);
  const owner = text === null ? null : processIdentitySchema.safeParse(JSON.parse(text));
  if (owner?.success === true) return isAlive(owner.data);
  return Date.now() - changedMs < unsignedForMs;
}

async function readOwner(directory: string): Promise<string | null> {
  try {
    const text = await readFile(join(directory, ownerFile), "utf8");
    return text === "" ? null : text;
  } catch (thrown) {
    if (hasCode(thrown, "ENOENT")) return null;
    throw thrown;
  }
}
