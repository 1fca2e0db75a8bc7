import { execFile } from "node:child_process";
import { chmod, cp, lstat, readdir, rename, rm, symlink } from "node:fs/promises";
import { extname, join, parse } from "node:path";
import { promisify } from "node:util";
import { BelayError, messageOf } from "../../errors.js";
import type { Account } from "./account.js";
import { programOf, type Distribution } from "./binaries.js";
import { childEnvironment } from "./child-environment.js";
import { makePrivate, temporaryFolder } from "./folder.js";
import { withLock } from "./lock-file.js";
import { hasCode } from "./system-error.js";

const run = promisify(execFile);
const PROBE_TIMEOUT_MS = 30_000;
/** What a server needs; static libraries and headers are for building against it. */
const PARTS = ["bin", "lib", "share"] as const;
/** initdb calls postgres through a shell with its path in double quotes, where these mean something else. */
const UNSAFE_IN_SHELL = /["$`\\]/u;

/**
 * Gives a distribution that the server's account can run: the installed one, completed in place where this user may do so, or else a
 * copy of it below the folder for temporary files.
 *
 * @throws BelayError `sandbox-unavailable` when it does not run on this machine.
 */
export async function prepareBinaries(
  found: Distribution,
  account: Account | undefined,
  report: (message: string) => void,
): Promise<Distribution> {
  if ((await completeInPlace(found)) && (await probe(found, account)) === undefined) return found;
  const cache = await openCache();
  const copy = { ...found, directory: join(cache, found.version) };
  await withLock(cache, async () => {
    if (await isFaithful(found, copy)) return;
    report("Copying the PostgreSQL programs to where the server's account can run them");
    await copyDistribution(found, copy.directory);
  });
  const failure = await probe(copy, account);
  if (failure === undefined) return copy;
  throw new BelayError(
    "usage",
    "sandbox-unavailable",
    `The sandbox's PostgreSQL does not run here: ${messageOf(failure)}`,
    {
      hint: "Give each target the url of a PostgreSQL server in the config.",
      cause: failure,
    },
  );
}

/** Makes missing links and executable bits; false when this user may not. */
async function completeInPlace(distribution: Distribution): Promise<boolean> {
  if (process.platform !== "win32" && UNSAFE_IN_SHELL.test(distribution.directory)) return false;
  try {
    await makeLinks(distribution);
    for (const program of ["initdb", "pg_ctl", "postgres"] as const) {
      await makeExecutable(programOf(distribution, program));
    }
    return true;
  } catch (error) {
    if (hasCode(error, "EACCES", "EPERM", "EROFS")) return false;
    throw error;
  }
}

async function makeLinks(distribution: Distribution): Promise<void> {
  for (const link of distribution.links) {
    const path = join(distribution.directory, link.path);
    if (await isThere(path)) continue;
    try {
      await symlink(link.target, path);
    } catch (error) {
      // Another command made it in this moment.
      if (!hasCode(error, "EEXIST")) throw error;
    }
  }
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await lstat(path);
  if ((mode & 0o500) !== 0o500) await chmod(path, mode | 0o555);
}

/** Runs both programs as the server's account, which proves rights, libraries and platform at once. Gives what went wrong. */
async function probe(distribution: Distribution, account: Account | undefined): Promise<unknown> {
  const ids = account === undefined ? {} : { uid: account.uid, gid: account.gid };
  try {
    for (const program of ["initdb", "postgres"] as const) {
      const options = { ...ids, env: childEnvironment(), cwd: parse(process.cwd()).root, timeout: PROBE_TIMEOUT_MS };
      await run(programOf(distribution, program), ["--version"], options);
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

async function openCache(): Promise<string> {
  const path = join(await temporaryFolder(), `belay-postgres-${process.getuid?.() ?? "user"}`);
  await makePrivate(path);
  return path;
}

/** A copy is made under another name first, so that it is there whole or not at all. */
async function copyDistribution(from: Distribution, to: string): Promise<void> {
  const draft = `${to}.draft`;
  await rm(draft, { recursive: true, force: true });
  for (const part of PARTS) {
    const filter = (path: string): boolean => extname(path) !== ".a";
    await cp(join(from.directory, part), join(draft, part), { recursive: true, verbatimSymlinks: true, filter });
  }
  await openModes(draft);
  await completeInPlace({ ...from, directory: draft });
  await rm(to, { recursive: true, force: true });
  await rename(draft, to);
}

/** Readable by all and writable by the owner alone, whatever the umask of the installation was. */
async function openModes(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await openModes(path);
    else if (entry.isFile()) await chmod(path, 0o755);
  }
}

/** Whether a copy has every file in its size: a cleaner of temporary files may have taken some. */
async function isFaithful(original: Distribution, copy: Distribution): Promise<boolean> {
  if (!(await isThere(copy.directory))) return false;
  const [wanted, found] = await Promise.all([listSizes(original.directory), listSizes(copy.directory)]);
  return [...wanted].every(([path, size]) => found.get(path) === size);
}

async function listSizes(directory: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (const part of PARTS) {
    const root = join(directory, part);
    if (!(await isThere(root))) continue;
    for (const name of await readdir(root, { recursive: true })) {
      const found = await lstat(join(root, name));
      if (found.isFile() && extname(name) !== ".a") sizes.set(join(part, name), found.size);
    }
  }
  return sizes;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
