import { createHash } from "node:crypto";
import { chmod, lstat, mkdir, realpath, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { BelayError, messageOf } from "../../errors.js";
import { isRoot } from "./account.js";
import { hasCode } from "./system-error.js";

/** Where one sandbox keeps everything. All but `data` belongs to the user who runs belay. */
export interface SandboxFolder {
  readonly root: string;
  /** The server's data directory; belongs to the account that runs the server. */
  readonly data: string;
  readonly leases: string;
  readonly log: string;
  readonly password: string;
  readonly state: string;
}

/**
 * Finds and makes the folder of a project's sandbox: `.belay/sandbox` in the project, or, for root (whose project the server's account
 * may have no right to enter) and in a project that cannot be written to, one below the system's folder for temporary files.
 *
 * @throws BelayError `sandbox-folder` when it cannot be made, or is there and belongs to somebody else.
 */
export async function openFolder(projectDirectory: string, dataDirectory?: string): Promise<SandboxFolder> {
  if (dataDirectory !== undefined) return claimFolder(resolve(dataDirectory));
  const name = `belay-sandbox-${process.getuid?.() ?? "user"}-${await projectKey(projectDirectory)}`;
  const temporary = join(await temporaryFolder(), name);
  if (isRoot()) return claimFolder(temporary);
  try {
    return await claimFolder(await projectFolder(projectDirectory));
  } catch (error) {
    if (error instanceof BelayError || hasCode(error, "EACCES", "EROFS", "EPERM")) return claimFolder(temporary);
    throw error;
  }
}

/** The folder for temporary files; for root one that other accounts can pass through, since TMPDIR may be root's own. */
export async function temporaryFolder(): Promise<string> {
  if (!isRoot()) return tmpdir();
  for (const candidate of [tmpdir(), "/tmp", "/var/tmp"]) {
    if (await isPassable(candidate)) return candidate;
  }
  return tmpdir();
}

async function projectFolder(projectDirectory: string): Promise<string> {
  const parent = join(projectDirectory, ".belay");
  await mkdir(parent, { recursive: true });
  await writeFile(join(parent, ".gitignore"), "*\n", { flag: "wx" }).catch((error: unknown) => {
    if (!hasCode(error, "EEXIST")) throw error;
  });
  return join(parent, "sandbox");
}

async function claimFolder(path: string): Promise<SandboxFolder> {
  await mkdir(dirname(path), { recursive: true });
  await makePrivate(path);
  const root = await realpath(path);
  return {
    root,
    data: join(root, "data"),
    leases: join(root, "leases"),
    log: join(root, "server.log"),
    password: join(root, "password"),
    state: join(root, "state.json"),
  };
}

/**
 * Makes a directory that belongs to this user and that no one else can write to, or verifies that it is one: anybody could have put a
 * link or a directory with that name into a folder that all users share. Where the server runs as another account, that account may
 * pass through it.
 */
export async function makePrivate(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw asFolderError(path, error);
  }
  const found = await lstat(path);
  const owner = process.getuid?.();
  if (!found.isDirectory()) throw folderError(path, "is not a directory");
  if (owner === undefined) return;
  if (found.uid !== owner) throw folderError(path, "belongs to another user");
  if ((found.mode & 0o022) !== 0) throw folderError(path, "can be written to by other users");
  if (isRoot() && (found.mode & 0o001) === 0) await chmod(path, 0o711);
}

/** The uid of the owner of a directory, or undefined when it is not there. */
export async function ownerOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).uid;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Whether every account may pass through a directory and all that it lies in. */
async function isPassable(path: string): Promise<boolean> {
  try {
    const real = await realpath(path);
    const mode = (await stat(real)).mode;
    if ((mode & 0o001) === 0) return false;
    return dirname(real) === real || (await isPassable(dirname(real)));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

async function projectKey(projectDirectory: string): Promise<string> {
  const path = await realpath(projectDirectory);
  return createHash("sha256").update(path).digest("hex").slice(0, 16);
}

function asFolderError(path: string, error: unknown): unknown {
  return hasCode(error, "EACCES", "EROFS", "EPERM", "ENOSPC", "ENOTDIR")
    ? folderError(path, messageOf(error), error)
    : error;
}

function folderError(path: string, what: string, cause?: unknown): BelayError {
  return new BelayError("usage", "sandbox-folder", `The sandbox cannot use ${path}: it ${what}.`, {
    hint: "Remove it, or set TMPDIR to a folder of your own.",
    cause,
  });
}
