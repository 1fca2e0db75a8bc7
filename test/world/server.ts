import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { findPostmaster } from "../../src/postgres/sandbox/postmaster.js";
import { acquireSandbox, type Sandbox } from "../../src/postgres/sandbox/sandbox.js";

/** A server that a test may bring down. */
export interface CrashServer {
  readonly port: number;
  url(database: string): string;
  /** Connects as a superuser; the connection may be lost without harm. */
  connect(database: string): Promise<Client>;
  /** Stops it at once, as a loss of power would, and starts it again. */
  crash(): Promise<void>;
  /** Stops it at once and leaves it so. */
  cut(): Promise<void>;
  remove(): Promise<void>;
}

/** Starts a server of the test's own: no other test stands on it. */
export async function startServer(): Promise<CrashServer> {
  const directory = await mkdtemp(join(tmpdir(), "belay-crash-server-"));
  await chmod(directory, 0o755);
  const dataDirectory = join(directory, "server");
  const leases: Sandbox[] = [];
  const start = async (): Promise<Sandbox> => {
    const sandbox = await acquireSandbox({ projectDirectory: directory, dataDirectory });
    leases.push(sandbox);
    return sandbox;
  };
  const cut = async (): Promise<void> => {
    const postmaster = await findPostmaster(join(dataDirectory, "data"));
    if (postmaster === undefined) return;
    process.kill(postmaster.pid, "SIGQUIT"); // immediate shutdown (manual, 18.5)
    while ((await findPostmaster(join(dataDirectory, "data"))) !== undefined) await pause(10);
  };
  const { port, url } = await start();
  return {
    port,
    url,
    connect: (database) => connect(url(database)),
    cut,
    crash: async () => {
      await cut();
      await start();
    },
    remove: async () => {
      await start();
      for (const lease of leases) await lease.release();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: "crash-test" });
  client.on("error", () => undefined); // the test brings servers down
  await client.connect();
  return client;
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until `look` gives something; the test's own time limit is the only one, and `ended` says that it never will. */
export async function until<T>(
  look: () => Promise<T | null | false>,
  ended: () => boolean = () => false,
): Promise<T | null> {
  for (;;) {
    const found = await look();
    if (found !== null && found !== false) return found;
    if (ended()) return null;
    await pause(10);
  }
}
