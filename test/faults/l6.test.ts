import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTarget } from "../../src/postgres/session/open-target.js";
import { build, pair } from "../cli/fixture.js";
import { project, startBelay, type RunningBelay, type TestProject } from "../support/cli.js";
import { startServer, until, type CrashServer } from "../world/server.js";
import { endOf } from "../world/watch.js";

const files = pair(
  "20260101000100_it",
  "ALTER TABLE tasks ADD COLUMN model text;",
  "ALTER TABLE tasks DROP COLUMN model;",
);

interface Place {
  readonly made: TestProject;
  readonly client: Client;
  /** Is the change there? */
  stands(): Promise<boolean>;
}

describe("L6: all connections are taken when the way back is needed", () => {
  let server: CrashServer;
  const takers: Client[] = [];

  beforeAll(async () => {
    server = await startServer();
  }, 120_000);
  afterAll(() => server.remove());

  /** Takes every connection that the server has left, those for superusers too. */
  async function takeAll(): Promise<void> {
    for (;;) {
      const client = new Client({ connectionString: server.url("postgres") });
      client.on("error", () => undefined);
      try {
        await client.connect();
      } catch {
        return;
      }
      takers.push(client);
    }
  }

  async function free(): Promise<void> {
    await Promise.all(takers.splice(0).map((client) => client.end()));
  }

  async function place(name: string): Promise<Place> {
    const postgres = await server.connect("postgres");
    await postgres.query(`CREATE DATABASE ${name}`);
    await postgres.end();
    const url = server.url(name);
    const client = await server.connect(name);
    await client.query("CREATE TABLE tasks (id int)");
    const settings = { name: "main", searchPath: "public", actor: "test", rollout: null, operatorPatienceMs: 1_000 };
    await (await openTarget({ ...settings, url, note: () => undefined })).close();
    const made = await project(files, { targets: [] });
    await made.configure({
      targets: { main: { url } },
      stages: [{ name: "main", targets: ["main"], bake: "10m" }],
      policy: { rehearsal: { required: false } },
    });
    await build(made);
    const stands = async (): Promise<boolean> =>
      (await client.query("SELECT FROM pg_attribute WHERE attrelid = 'tasks'::regclass AND attname = 'model'"))
        .rowCount === 1;
    return { made, client, stands };
  }

  /** A rollout whose change is live, and is watched. */
  async function baking({ made, client }: Place): Promise<RunningBelay> {
    const running = startBelay(made, ["rollout", "--yes"]);
    const recorded = "SELECT FROM belay.journal WHERE kind = 'catalog-recorded'";
    expect(await until(async () => (await client.query(recorded)).rowCount === 1, endOf(running))).toBe(true);
    return running;
  }

  it("the way back goes on the session that was opened before the way forward", async () => {
    const at = await place("kept_open");
    const running = await baking(at);
    await takeAll();
    try {
      running.kill("SIGINT");
      const { exitCode, stderr } = await running.result;
      expect(`${exitCode} ${stderr}`).toMatch(/^130 /);
      expect(stderr).toContain("proved back");
      expect(await at.stands()).toBe(false);
    } finally {
      await free();
    }
  });

  it("where that session was lost too it says what it lacks, waits for a new one, and goes back then", async () => {
    const at = await place("lost_too");
    const running = await baking(at);
    await takeAll();
    try {
      await at.client.query(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE 'belay/%/worker' AND datname = current_database()",
      );
      await takeAll();
      running.kill("SIGINT");
      expect(
        await until(async () => /connections are taken|connection was lost/.test(running.stderr()), endOf(running)),
      ).toBe(true);
      expect(running.stderr()).toContain("all connections are taken");
    } finally {
      await free();
    }
    const { exitCode, stderr } = await running.result;
    expect(`${exitCode} ${stderr}`).toMatch(/^130 /);
    expect(await at.stands()).toBe(false);
  });
});
