import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addRegion, build, unrehearsed } from "../cli/fixture.js";
import { isUntouched, refusalOf, roll } from "../faults/refusal.js";
import { project, type TestProject } from "../support/cli.js";
import { startServer, type CrashServer } from "../world/server.js";

let server: CrashServer;
let made: TestProject;

async function run(sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = await server.connect("app");
  const { rows } = await client.query(sql);
  await client.end();
  return rows as Record<string, unknown>[];
}

beforeAll(async () => {
  server = await startServer();
  const admin = await server.connect("postgres");
  await admin.query("CREATE DATABASE app");
  await admin.end();
  await run("CREATE TABLE tasks (id int)");
  made = await project(addRegion, { targets: ["unused"] });
  await made.configure({
    ...unrehearsed,
    targets: { main: { url: server.url("app") } },
    stages: [{ name: "main", targets: ["main"] }],
  });
  await build(made);
});

afterAll(() => server.remove());

async function isNew(): Promise<boolean> {
  const client = await server.connect("app");
  const untouched = await isUntouched({ query: async (sql: string) => (await client.query(sql)).rows } as never);
  await client.end();
  return untouched;
}

describe("a server on which nothing can be committed", () => {
  it("is refused where it waits for a synchronous standby that is not there", async () => {
    await run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    await run("SELECT pg_reload_conf()");
    const refusal = await refusalOf(made);
    expect(refusal).toMatchObject({ kind: "refused", code: "synchronous-standby-absent" });
    expect(refusal.hint).toBeTruthy();
    expect(await isNew()).toBe(true);
    await run("ALTER SYSTEM RESET synchronous_standby_names");
    await run("SELECT pg_reload_conf()");
  });

  it("is refused where it is a standby, and taken where it was promoted", async () => {
    const [row] = await run("SELECT current_setting('data_directory') AS path");
    const signal = join(String(row?.["path"]), "standby.signal");
    await writeFile(signal, "");
    try {
      await server.crash();
      const refusal = await refusalOf(made);
      expect(refusal).toMatchObject({
        kind: "refused",
        code: "standby",
        message: expect.stringContaining("main: the server is a standby"),
      });
      expect(await isNew()).toBe(true);
      await run("SELECT pg_promote()");
    } finally {
      await rm(signal, { force: true });
    }
    expect((await roll(made)).outcome).toBe("completed");
  });
});
