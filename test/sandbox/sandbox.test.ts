import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { isRoot } from "../../src/postgres/sandbox/account.js";
import { findPostmaster, stopPostmaster } from "../../src/postgres/sandbox/postmaster.js";
import { isRunning } from "../../src/postgres/sandbox/process-identity.js";
import { acquireSandbox, type Sandbox } from "../../src/postgres/sandbox/sandbox.js";
import { startCommand, type Command } from "./fixtures/command.js";

// One data directory serves all cases, in a path with what paths can hold.
let parent: string;
let directory: string;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "belay-sandbox-test-"));
  await chmod(parent, 0o755);
  directory = join(parent, `with spaces, ünïcødé 文, $HOME \`id\` "double" and 'single' quotes`);
});

afterAll(async () => {
  const postmaster = await findPostmaster(join(directory, "data"));
  if (postmaster !== undefined) await stopPostmaster(postmaster, join(directory, "data"));
  await rm(parent, { recursive: true, force: true });
});

const opened: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((close) => close()));
});

async function acquire(): Promise<Sandbox> {
  const sandbox = await acquireSandbox({ projectDirectory: parent, dataDirectory: directory });
  opened.push(sandbox.release);
  return sandbox;
}

async function hold(environment: NodeJS.ProcessEnv = {}): Promise<Command> {
  const command = await startCommand("hold", [parent, directory], environment);
  opened.push(command.kill);
  return command;
}

const heldSchema = z.object({ port: z.int(), url: z.string() });

function urlFrom(command: Command): string {
  return heldSchema.parse(JSON.parse(command.line)).url;
}

async function postmasterPid(): Promise<number> {
  return Number((await readFile(join(directory, "data", "postmaster.pid"), "utf8")).split("\n")[0]);
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function answer(url: string, sql: string): Promise<unknown> {
  return withClient(url, async (client) => Object.values((await client.query(sql)).rows[0] ?? {})[0]);
}

async function expectStopped(pid: number): Promise<void> {
  expect(await isRunning(pid)).toBe(false);
  expect(await readdir(join(directory, "data"))).not.toContain("postmaster.pid");
  expect(await readdir(join(directory, "leases"))).toEqual([]);
}

test("two commands at once share one server, and the last one out stops it", async () => {
  const [one, two] = await Promise.all([hold(), hold()]);
  expect(urlFrom(two)).toBe(urlFrom(one));
  const pid = await postmasterPid();
  await one.finish();
  expect(await answer(urlFrom(two), "SELECT 1")).toBe(1);
  await two.finish();
  await expectStopped(pid);
});

test("the server is a real PostgreSQL 18 in UTF-8 and UTC", async () => {
  const sandbox = await acquire();
  const url = sandbox.url("postgres");
  expect(sandbox.serverVersionNum).toBeGreaterThanOrEqual(180_000);
  expect(await answer(url, "SHOW server_version_num")).toBe(String(sandbox.serverVersionNum));
  expect(await answer(url, "SHOW server_encoding")).toBe("UTF8");
  expect(await answer(url, "SHOW timezone")).toBe("UTC");
  expect(await answer(url, "SHOW wal_level")).toBe("logical");
  expect(await answer(url, "SHOW listen_addresses")).toBe("127.0.0.1");
  expect(await answer(url, "SELECT upper('ß é')")).toBe("ß É");
  expect(await answer(url, "SELECT count(*)::int FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'")).toBe(0);
  expect((await stat(join(directory, "password"))).mode & 0o777).toBe(0o600);
  await sandbox.release();
});

test("databases live on between commands, under any name", async () => {
  const name = `Ünï "q" 文 %2F/@:&=+`;
  const first = await acquire();
  const urls = await Promise.all(Array.from({ length: 4 }, () => first.ensureDatabase(name)));
  const url = urls[0] ?? "";
  expect(decodeURIComponent(new URL(url).pathname)).toBe(`/${name}`);
  await withClient(url, (client) => client.query("CREATE TABLE kept AS SELECT 42 AS value"));
  expect(await answer(url, "SELECT current_database()")).toBe(name);
  await first.release();
  const second = await acquire();
  expect(await answer(await second.ensureDatabase(name), "SELECT value FROM kept")).toBe(42);
  await withClient(second.url(name), () => second.dropDatabase(name));
  await second.dropDatabase(name);
  await expect(answer(second.url(name), "SELECT 1")).rejects.toMatchObject({ code: "3D000" });
  await expect(second.ensureDatabase("x".repeat(64))).rejects.toMatchObject({ code: "sandbox-database-name" });
  await second.release();
});

test("a command that was killed leaves the server, which the next one uses and stops", async () => {
  const killed = await hold();
  const pid = await postmasterPid();
  await killed.kill();
  expect(await isRunning(pid)).toBe(true);
  const next = await acquire();
  expect(await postmasterPid()).toBe(pid);
  await next.release();
  await expectStopped(pid);
});

test("the server is in a session of its own, out of reach of a terminal's Ctrl-C", async () => {
  const command = await hold();
  const { stdout } = await promisify(execFile)("ps", ["-o", "pgid=", "-p", String(await postmasterPid())]);
  expect(Number(stdout)).toBe(await postmasterPid());
  await command.finish();
});

test("releasing twice gives back one lease, not two", async () => {
  const [one, two] = await Promise.all([acquire(), acquire()]);
  await Promise.all([one.release(), one.release()]);
  await one.release();
  expect(await answer(two.url("postgres"), "SELECT 1")).toBe(1);
  await two.release();
});

test("a server that was killed with a statement running is cleared away and started again", async () => {
  const first = await acquire();
  const url = await first.ensureDatabase("survivor");
  await withClient(url, (client) => client.query("CREATE TABLE survivors AS SELECT 1 AS one"));
  const busy = new Client({ connectionString: url });
  busy.on("error", () => undefined);
  await busy.connect();
  const orphan = Number((await busy.query("SELECT pg_backend_pid() AS pid")).rows[0]?.pid);
  const endless = busy.query("DO $$ BEGIN LOOP END LOOP; END $$").catch(() => "cut off");
  await expect.poll(() => answer(url, `SELECT state FROM pg_stat_activity WHERE pid = ${orphan}`)).toBe("active");
  process.kill(await postmasterPid(), "SIGKILL");

  const second = await acquire();
  expect(await isRunning(orphan)).toBe(false);
  expect(await endless).toBe("cut off");
  expect(await answer(second.url("survivor"), "SELECT one FROM survivors")).toBe(1);
  const pid = await postmasterPid();
  await first.release();
  await second.release();
  await expectStopped(pid);
});

test("a busy port is avoided, and the one found is kept", async () => {
  const before = await acquire();
  await before.release();
  const squatter = await listenOn(before.port);
  const moved = await acquire();
  expect(moved.port).not.toBe(before.port);
  await moved.release();
  await promisify(squatter.close.bind(squatter))();
  const after = await acquire();
  expect(after.port).toBe(moved.port);
  await after.release();
});

test("a server that does not start is reported with the end of its log, and holds nothing", async () => {
  const control = join(directory, "data", "global", "pg_control");
  await rm(control);
  await expect(acquire()).rejects.toMatchObject({
    kind: "usage",
    code: "sandbox-start-failed",
    message: expect.stringContaining("pg_control"),
    hint: expect.stringContaining("server.log"),
  });
  expect(await readdir(join(directory, "leases"))).toEqual([]);
});

test("a project that nobody else may enter has its sandbox, root's too", async () => {
  const project = join(await mkdtemp(join(parent, "private-")));
  const command = await startCommand("hold", [project], { TMPDIR: parent });
  opened.push(command.kill);
  const url = urlFrom(command);
  const data = String(await answer(url, "SHOW data_directory"));
  expect((await stat(project)).mode & 0o077).toBe(0);
  expect(data.startsWith(isRoot() ? join(parent, "belay-sandbox-0-") : join(project, ".belay"))).toBe(true);
  expect((await stat(data)).uid).toSatisfy((uid: number) => uid > 0);
  expect((await stat(data)).mode & 0o777).toBe(0o700);
  await command.finish();
});

async function listenOn(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(port, "127.0.0.1", resolve);
  });
  return server;
}
