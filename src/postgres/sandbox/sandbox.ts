import { BelayError } from "../../errors.js";
import { chooseAccount } from "./account.js";
import { findDistribution } from "./binaries.js";
import { ensureCluster, SUPERUSER } from "./cluster.js";
import { createDatabase, readServerVersion, removeDatabase } from "./databases.js";
import { openFolder, ownerOf, type SandboxFolder } from "./folder.js";
import { returnLease, sweepLeases, takeLease, type Lease } from "./lease.js";
import { withLock } from "./lock-file.js";
import { HOST } from "./port.js";
import { clearRemains, findPostmaster, stopPostmaster } from "./postmaster.js";
import { prepareBinaries } from "./prepared-binaries.js";
import { ensureServer } from "./server.js";

export interface SandboxOptions {
  /** The project that the sandbox belongs to; its databases live from one command to the next. */
  readonly projectDirectory: string;
  /** Overrides where the sandbox keeps its data. */
  readonly dataDirectory?: string;
  /** Is told what takes its time. */
  readonly report?: (message: string) => void;
}

/** A real PostgreSQL server, shared by all commands on the project that hold it at this time. */
export interface Sandbox {
  readonly host: string;
  readonly port: number;
  /** A superuser. */
  readonly user: string;
  readonly password: string;
  /** Such as 180004 for 18.4. */
  readonly serverVersionNum: number;
  /** The url of a database, which need not exist. */
  url(database: string): string;
  /** Creates a database unless it is there, and gives its url. */
  ensureDatabase(name: string): Promise<string>;
  /** Drops a database if it is there, and ends the sessions in it. */
  dropDatabase(name: string): Promise<void>;
  /** Gives the server back. The last one out stops it. A second call does nothing. */
  release(): Promise<void>;
}

interface Login {
  readonly port: number;
  readonly password: string;
}

/**
 * Gives the project's sandbox, and starts its server unless it runs. Commands in several processes share one server; when a command
 * is killed, the next one finds the server as it is, running or broken, and puts it in order.
 *
 * @throws BelayError `sandbox-unavailable` when there is no PostgreSQL for this platform; `sandbox-start-failed` with the end of the
 * server's log; `sandbox-folder`, `sandbox-no-account`, `sandbox-initdb-failed`, `sandbox-version`, `sandbox-password-missing` and
 * `sandbox-locked` for what stands in the way.
 */
export async function acquireSandbox(options: SandboxOptions): Promise<Sandbox> {
  const report = options.report ?? (() => undefined);
  const folder = await openFolder(options.projectDirectory, options.dataDirectory);
  const held = await withLock(folder.root, async () => {
    await sweepLeases(folder.leases);
    const login = await ensureRunning(folder, report);
    // Once it holds a lease the server is in use, so that the lock can go while others connect.
    return { login, lease: await takeLease(folder.leases) };
  });
  try {
    const serverVersionNum = await readServerVersion(urlOf(held.login, "postgres"));
    return describe(held.login, serverVersionNum, () => giveBack(folder, held.lease));
  } catch (error) {
    await giveBack(folder, held.lease);
    throw error;
  }
}

async function ensureRunning(folder: SandboxFolder, report: (message: string) => void): Promise<Login> {
  const account = await chooseAccount(await ownerOf(folder.data));
  const distribution = await prepareBinaries(await findDistribution(), account, report);
  const cluster = { folder, distribution, account };
  const password = await ensureCluster(cluster, report);
  const { port } = await ensureServer(cluster, report);
  return { port, password };
}

function describe(login: Login, serverVersionNum: number, release: () => Promise<void>): Sandbox {
  const url = (database: string): string => urlOf(login, database);
  return {
    host: HOST,
    port: login.port,
    user: SUPERUSER,
    password: login.password,
    serverVersionNum,
    url,
    ensureDatabase: async (name) => {
      await createDatabase(url("postgres"), name);
      return url(name);
    },
    dropDatabase: (name) => removeDatabase(url("postgres"), name),
    release,
  };
}

/** A lease that was given back already changes nothing. */
async function giveBack(folder: SandboxFolder, lease: Lease): Promise<void> {
  await withLock(folder.root, async () => {
    await returnLease(lease);
    if ((await sweepLeases(folder.leases)) > 0) return;
    const postmaster = await findPostmaster(folder.data);
    if (postmaster === undefined) await clearRemains(folder.data);
    else await stopPostmaster(postmaster, folder.data);
  });
}

function urlOf(login: Login, database: string): string {
  if (database === "") throw new BelayError("usage", "sandbox-database-name", "A database needs a name.");
  // The sandbox speaks no TLS, whatever PGSSLMODE asks of other servers.
  // Delimiters that a path may hold stay as they are: pg undoes their encoding no more than decodeURI does, libpq reads both.
  const path = encodeURI(database).replaceAll("?", "%3F").replaceAll("#", "%23");
  return `postgres://${SUPERUSER}:${encodeURIComponent(login.password)}@${HOST}:${login.port}/${path}?sslmode=disable`;
}
