import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { chooseAccount } from "../../src/postgres/sandbox/account.js";
import { findDistribution, programOf } from "../../src/postgres/sandbox/binaries.js";
import { childEnvironment } from "../../src/postgres/sandbox/child-environment.js";
import { ensureCluster, SUPERUSER, type Cluster } from "../../src/postgres/sandbox/cluster.js";
import { openFolder, temporaryFolder } from "../../src/postgres/sandbox/folder.js";
import { anyPort, HOST } from "../../src/postgres/sandbox/port.js";
import { findPostmaster, stopPostmaster } from "../../src/postgres/sandbox/postmaster.js";
import { prepareBinaries } from "../../src/postgres/sandbox/prepared-binaries.js";
import { settingsFor } from "../../src/postgres/sandbox/settings.js";
import { note } from "../report/note.js";

const startTimeoutMs = 60_000;
const signals = ["SIGINT", "SIGTERM"] as const;

/** PostgreSQL's own defaults, `fsync` among them, but for what any server has to be told, and room for the application's connections. */
const settings: readonly string[] = ["unix_socket_directories=", "max_connections=300", "timezone=UTC"];

/** A PostgreSQL server of this benchmark alone. */
export interface BenchServer {
  /** A superuser's url of a database. */
  url(database: string): string;
  /** What it is, for the results. */
  readonly facts: ServerFacts;
  close(): Promise<void>;
}

export interface ServerFacts {
  readonly version: string;
  /** Every setting that is not PostgreSQL's default, and those that decide what a commit costs. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Starts the PostgreSQL that Belay's sandbox uses, in a fresh folder, but with the settings that a user's server has. */
export async function startServer(): Promise<BenchServer> {
  const root = await mkdtemp(join(await temporaryFolder(), "belay-bench-server-"));
  const account = await chooseAccount(undefined);
  const distribution = await prepareBinaries(await findDistribution(), account, note);
  const cluster: Cluster = { folder: await openFolder(root, root), distribution, account };
  const password = await ensureCluster(cluster, note);
  const port = await anyPort();
  const stop = await launch(cluster, port);
  const url = (database: string): string =>
    `postgres://${SUPERUSER}:${encodeURIComponent(password)}@${HOST}:${port}/${database}?sslmode=disable`;
  const close = async (): Promise<void> => {
    for (const name of signals) process.removeListener(name, interrupted);
    await stop();
    await rm(root, { recursive: true, force: true });
  };
  const interrupted = (): void => void close().finally(() => process.exit(130));
  for (const name of signals) process.once(name, interrupted);
  return { url, facts: await factsOf(url("postgres")), close };
}

/** Gives what stops it. It is told to stop when this process ends in any other way, too. */
async function launch(cluster: Cluster, port: number): Promise<() => Promise<void>> {
  const { folder, distribution, account } = cluster;
  const sharedMemory = (await settingsFor(distribution)).filter((one) => one.startsWith("dynamic_shared_memory_type"));
  const all = [`listen_addresses=${HOST}`, `port=${port}`, ...settings, ...sharedMemory];
  const log = await open(folder.log, "a", 0o600);
  const child = spawn(programOf(distribution, "postgres"), ["-D", folder.data, ...all.flatMap((one) => ["-c", one])], {
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
    cwd: folder.data,
    env: childEnvironment(folder.data),
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  await log.close();
  const kill = (): boolean => child.kill("SIGINT");
  process.once("exit", kill);
  const deadline = Date.now() + startTimeoutMs;
  for (;;) {
    const found = await findPostmaster(folder.data);
    if (found?.pid === child.pid && found?.ready === true) break;
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`the server did not start:\n${await readFile(folder.log, "utf8")}`);
    await sleep(25);
  }
  return async () => {
    process.removeListener("exit", kill);
    const running = await findPostmaster(folder.data);
    const ended = once(child, "exit");
    if (running === undefined) return;
    await stopPostmaster(running, folder.data);
    await ended;
  };
}

async function factsOf(url: string): Promise<ServerFacts> {
  const rows = await query<{ name: string; setting: string }>(
    url,
    `SELECT name, current_setting(name) AS setting FROM pg_settings
     WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'wal_level', 'autovacuum')
        OR (source = 'command line' AND name IN ('max_connections', 'dynamic_shared_memory_type')) ORDER BY name`,
  );
  const [version] = await query<{ version: string }>(url, "SELECT current_setting('server_version') AS version");
  return {
    version: version?.version ?? "unknown",
    settings: Object.fromEntries(rows.map(({ name, setting }) => [name, setting])),
  };
}

/** Runs one statement on a connection of its own. */
export async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<readonly Row[]> {
  return withClient(url, async (client) => (await client.query<Row>(sql)).rows);
}

/** Opens a connection for the length of `work`. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "bench" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
