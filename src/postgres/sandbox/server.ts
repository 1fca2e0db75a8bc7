import { spawn, type ChildProcess } from "node:child_process";
import { open, readFile, rename, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { BelayError, messageOf } from "../../errors.js";
import { programOf } from "./binaries.js";
import { childEnvironment } from "./child-environment.js";
import type { Cluster } from "./cluster.js";
import { anyPort, choosePort } from "./port.js";
import { clearRemains, findPostmaster, type Postmaster } from "./postmaster.js";
import { settingsFor } from "./settings.js";
import { readState, writeState } from "./state.js";
import { hasCode } from "./system-error.js";

const POLL_INTERVAL_MS = 25;
const START_TIMEOUT_MS = 120_000;
const PORT_ATTEMPTS = 5;
const LOG_LINES_SHOWN = 12;
const LOG_LIMIT_BYTES = 4 * 1024 * 1024;

/** A server that takes connections. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
}

interface SpawnedServer {
  readonly child: ChildProcess;
  /** How it ended, in words; stays open for a server that runs. */
  readonly ended: Promise<string>;
}

type Launch =
  | { readonly kind: "ready"; readonly server: RunningServer }
  | { readonly kind: "port-taken" }
  | { readonly kind: "remains-in-use" }
  | { readonly kind: "failed"; readonly reason: string };

/**
 * Gives the running server of a cluster, or starts it. Call it inside the sandbox's lock.
 *
 * @throws BelayError `sandbox-start-failed` with the last lines of the server's log.
 */
export async function ensureServer(cluster: Cluster, report: (message: string) => void): Promise<RunningServer> {
  const running = await awaitSettled(cluster.folder.data);
  if (running !== undefined) return running;
  report("Starting the sandbox server");
  await clearRemains(cluster.folder.data);
  const server = await start(cluster);
  await writeState(cluster.folder.state, { port: server.port });
  return server;
}

/** A server that another command left while it was starting or stopping becomes ready or goes away. */
async function awaitSettled(dataDirectory: string): Promise<RunningServer | undefined> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const found = await findPostmaster(dataDirectory);
    if (found === undefined) return undefined;
    const server = asRunning(found);
    if (server !== undefined) return server;
    if (Date.now() > deadline) {
      throw new BelayError(
        "usage",
        "sandbox-start-failed",
        `The sandbox server (process ${found.pid}) neither starts nor stops.`,
        {
          hint: `End it: kill ${found.pid}`,
        },
      );
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

async function start(cluster: Cluster): Promise<RunningServer> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  let port = await choosePort((await readState(cluster.folder.state)).port);
  let takenPorts = 0;
  for (;;) {
    const launch = await launchOn(cluster, port, deadline);
    switch (launch.kind) {
      case "ready":
        return launch.server;
      case "port-taken":
        takenPorts += 1;
        if (takenPorts === PORT_ATTEMPTS) throw startFailed(cluster, "every port that was tried is taken");
        port = await anyPort();
        break;
      case "remains-in-use":
        // Backends of a killed server, which end when their statement does.
        if (Date.now() > deadline) throw startFailed(cluster, "processes of the server before it still run");
        await sleep(POLL_INTERVAL_MS * 10);
        break;
      case "failed":
        throw startFailed(cluster, launch.reason);
      default:
        return launch satisfies never;
    }
  }
}

async function launchOn(cluster: Cluster, port: number, deadline: number): Promise<Launch> {
  const logStart = await rotateLog(cluster.folder.log);
  const { child, ended } = await spawnServer(cluster, port);
  for (;;) {
    const found = await findPostmaster(cluster.folder.data);
    const server = found === undefined || found.pid !== child.pid ? undefined : asRunning(found);
    if (server !== undefined) return { kind: "ready", server };
    const end = await Promise.race([ended, sleep(POLL_INTERVAL_MS)]);
    if (end !== undefined) return explain(end, (await readFile(cluster.folder.log)).subarray(logStart).toString());
    if (Date.now() > deadline) {
      child.kill("SIGQUIT");
      return { kind: "failed", reason: "it was not ready in time" };
    }
  }
}

function asRunning(postmaster: Postmaster): RunningServer | undefined {
  const { pid, port, ready } = postmaster;
  return ready && port !== undefined ? { pid, port } : undefined;
}

/**
 * The server outlives this command: it leads a session of its own, so that Ctrl-C in the terminal does not reach it, and writes to a
 * file.
 */
async function spawnServer(cluster: Cluster, port: number): Promise<SpawnedServer> {
  const { folder, distribution, account } = cluster;
  const settings = [...(await settingsFor(distribution)), `port=${port}`];
  const ids = account === undefined ? {} : { uid: account.uid, gid: account.gid };
  const log = await open(folder.log, "a", 0o600);
  try {
    const program = programOf(distribution, "postgres");
    const child = spawn(program, ["-D", folder.data, ...settings.flatMap((setting) => ["-c", setting])], {
      ...ids,
      cwd: folder.data,
      env: childEnvironment(folder.data),
      detached: true,
      windowsHide: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    child.unref();
    return { child, ended: endOf(child) };
  } catch (error) {
    throw startFailed(cluster, messageOf(error), error);
  } finally {
    await log.close();
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(messageOf(error)));
    child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : signal));
  });
}

/** The server's messages are in English, since it runs in the locale C. */
function explain(end: string, log: string): Launch {
  if (/could not (create any TCP\/IP sockets|bind IPv4 address)/u.test(log)) return { kind: "port-taken" };
  if (/is still in use/u.test(log)) return { kind: "remains-in-use" };
  const lines = log.trimEnd().split("\n").slice(-LOG_LINES_SHOWN);
  return { kind: "failed", reason: [end, ...lines].join("\n") };
}

function startFailed(cluster: Cluster, reason: string, cause?: unknown): BelayError {
  return new BelayError("usage", "sandbox-start-failed", `The sandbox server did not start: ${reason}`, {
    hint: `See ${cluster.folder.log}. Removing ${cluster.folder.root} makes a new sandbox, without its data.`,
    cause,
  });
}

/** Keeps the log of the run before, and no more; gives the length of the log. */
async function rotateLog(path: string): Promise<number> {
  try {
    const { size } = await stat(path);
    if (size < LOG_LIMIT_BYTES) return size;
    await rename(path, `${path}.1`);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
  return 0;
}
