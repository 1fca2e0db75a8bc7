import { execFile } from "node:child_process";
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { BelayError, messageOf } from "../../errors.js";
import type { Account } from "./account.js";
import { programOf, type Distribution } from "./binaries.js";
import { childEnvironment } from "./child-environment.js";
import type { SandboxFolder } from "./folder.js";
import { makePassword, readPassword } from "./state.js";
import { hasCode } from "./system-error.js";

const run = promisify(execFile);
const INITDB_TIMEOUT_MS = 180_000;

/** The superuser of every sandbox. */
export const SUPERUSER = "postgres";

/** A server's programs, its folder and the account that it runs as: all that starting and stopping it needs. */
export interface Cluster {
  readonly folder: SandboxFolder;
  readonly distribution: Distribution;
  readonly account: Account | undefined;
}

/**
 * Makes the data directory unless there is one, and gives the superuser's password. Call it inside the sandbox's lock.
 *
 * @throws BelayError `sandbox-initdb-failed`, `sandbox-password-missing`, `sandbox-version`.
 */
export async function ensureCluster(cluster: Cluster, report: (message: string) => void): Promise<string> {
  const { folder } = cluster;
  const version = await dataVersion(folder);
  const password = await readPassword(folder.password);
  if (version === undefined) {
    report("Making the sandbox's data directory (once)");
    return initialise(cluster, password ?? (await makePassword(folder.password)));
  }
  if (password === undefined) {
    throw new BelayError(
      "usage",
      "sandbox-password-missing",
      `The sandbox's password file ${folder.password} is missing.`,
      {
        hint: `Remove ${folder.root}; the next command makes a new sandbox, without its data.`,
      },
    );
  }
  checkVersion(cluster, version);
  return password;
}

/** The data directory gets its name when it is whole: one that was cut off leaves only a draft, which is removed. */
async function initialise(cluster: Cluster, password: string): Promise<string> {
  const { folder, account } = cluster;
  const draft = `${folder.data}.draft`;
  const passwordFile = `${folder.password}.initdb`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await rm(passwordFile, { force: true });
  await writeFile(passwordFile, password, { mode: 0o600, flag: "wx" });
  if (account !== undefined) {
    await chown(passwordFile, account.uid, account.gid);
    await chown(draft, account.uid, account.gid);
  }
  try {
    await runInitdb(cluster, draft, passwordFile);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(draft, folder.data);
  return password;
}

async function runInitdb(cluster: Cluster, directory: string, passwordFile: string): Promise<void> {
  const { distribution, account } = cluster;
  const options = [
    `--pgdata=${directory}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    // Built into the server, so that text sorts and changes case alike on every platform (manual, 23.1.4).
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-sync",
    "--no-instructions",
  ];
  const ids = account === undefined ? {} : { uid: account.uid, gid: account.gid };
  try {
    await run(programOf(distribution, "initdb"), options, {
      ...ids,
      cwd: directory,
      env: childEnvironment(directory),
      timeout: INITDB_TIMEOUT_MS,
    });
  } catch (error) {
    throw new BelayError(
      "usage",
      "sandbox-initdb-failed",
      `The sandbox's data directory could not be made: ${messageOf(error)}`,
      {
        hint: `Make sure that ${cluster.folder.root} has room and that ${account?.name ?? "this user"} may enter it.`,
        cause: error,
      },
    );
  }
}

/** The major version that a data directory was made by, or undefined when there is none. */
async function dataVersion(folder: SandboxFolder): Promise<string | undefined> {
  try {
    return (await readFile(join(folder.data, "PG_VERSION"), "utf8")).trim();
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    await refuseForeign(folder);
    return undefined;
  }
}

/** What is not a data directory is not ours to overwrite. */
async function refuseForeign(folder: SandboxFolder): Promise<void> {
  try {
    if ((await readdir(folder.data)).length === 0) return;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  throw new BelayError("usage", "sandbox-folder", `${folder.data} is not empty and no PostgreSQL data directory.`, {
    hint: `Remove ${folder.root} if it holds nothing that you need.`,
  });
}

function checkVersion(cluster: Cluster, version: string): void {
  const major = cluster.distribution.version.split(".")[0];
  if (version === major) return;
  throw new BelayError(
    "usage",
    "sandbox-version",
    `The sandbox was made by PostgreSQL ${version}, and this is ${major}.`,
    {
      hint: `Remove ${cluster.folder.root}; the next command makes a new sandbox, without its data.`,
    },
  );
}
