import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addRegion, appliedOn, built, region } from "../cli/fixture.js";
import { expectBelay, type TestProject } from "../support/cli.js";
import { connect, startServer, until, type CrashServer } from "../world/server.js";
import { isUntouched, refusalOf, roll } from "./refusal.js";

const filled = `CREATE TABLE tasks (id bigint PRIMARY KEY, note text);
  INSERT INTO tasks SELECT n, repeat('x', 500) FROM generate_series(1, 5000) n; DELETE FROM tasks WHERE id % 2 = 0;`;

/** Starts a VACUUM of the tasks that takes minutes; gives what ends it. */
async function startVacuum(made: TestProject): Promise<() => Promise<void>> {
  const database = made.database("main");
  const vacuumer = await connect(database.url);
  await vacuumer.query("SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1");
  const running = vacuumer.query("VACUUM tasks").catch(() => undefined); // the test ends it
  await until(async () => {
    const seen = await database.query(
      "SELECT FROM pg_stat_progress_vacuum WHERE relid = 'tasks'::regclass AND heap_blks_total > 0",
    );
    return seen.length === 1;
  });
  return async () => {
    await database.query("SELECT pg_cancel_backend(pid) FROM pg_stat_progress_vacuum WHERE relid = 'tasks'::regclass");
    await running;
    await vacuumer.end();
  };
}

const policy = (vacuum: "wait" | "refuse", patience: string) => ({
  config: { policy: { rehearsal: { required: false }, vacuum, lock: { patience } } },
});

describe("L3: a vacuum holds the table", () => {
  it("is refused before anything is touched where the policy says so, named with its progress", async () => {
    const made = await built(addRegion, { targets: ["main"], schema: filled, ...policy("refuse", "5s") });
    const end = await startVacuum(made);
    const refusal = await refusalOf(made);
    await end();
    expect(refusal).toMatchObject({ kind: "refused", code: "vacuum-running" });
    expect(refusal.message).toMatch(/a VACUUM of tasks is running \(process \d+, .+, \d+ % of \d+ blocks\)/);
    expect(await isUntouched(made.database("main"))).toBe(true);
  });

  it("is waited for by default, as long as the patience lasts", async () => {
    const made = await built(addRegion, { targets: ["main"], schema: filled, ...policy("wait", "3s") });
    const end = await startVacuum(made);
    expect(await refusalOf(made)).toMatchObject({ kind: "refused", code: "vacuum-running" });
    let ended: Promise<void> | null = null;
    const result = await roll(made, {
      report: (progress) => {
        if (progress.kind === "note" && progress.message.startsWith("waiting: a VACUUM of tasks")) ended ??= end();
      },
    });
    expect(ended).not.toBeNull();
    expect(result.outcome).toBe("completed");
    expect(await appliedOn(made.database("main"))).toEqual([region]);
  });

  it("of another table stands in nobody's way", async () => {
    const made = await built(addRegion, { targets: ["main"], schema: `${filled} ALTER TABLE tasks RENAME TO other; CREATE TABLE tasks (id int);`, ...policy("refuse", "5s") }); // prettier-ignore
    expect((await roll(made)).outcome).toBe("completed");
  });
});

describe.each(["a superuser", "a role that may not see what others do"])("L3: to %s, an autovacuum holds the table", (who) => {
  let server: CrashServer;
  let admin: Client;

  beforeAll(async () => {
    server = await startServer();
    admin = await server.connect("postgres");
    await admin.query("CREATE ROLE deploy LOGIN PASSWORD 'secret'");
    await admin.query("ALTER SYSTEM SET autovacuum_naptime = '1s'");
    await admin.query("SELECT pg_reload_conf()");
  });

  afterAll(async () => {
    await admin.end();
    await server.remove();
  });

  /** A database with the table, at which a worker is that is as slow as can be, and a project for it. */
  async function worked(name: string, options: string, wear = ""): Promise<TestProject> {
    await admin.query(`CREATE DATABASE ${name} OWNER deploy`);
    const url = new URL(server.url(name));
    if (who !== "a superuser") [url.username, url.password] = ["deploy", "secret"];
    const client = await connect(url.href);
    const slow = "autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1";
    await client.query(`CREATE SCHEMA app; SET search_path = app; ${filled} ALTER TABLE tasks SET (${options}, ${slow})`);
    await client.query(wear);
    if (wear !== "") await client.query("CALL wear()");
    const at = "SELECT FROM pg_locks WHERE relation = 'tasks'::regclass AND mode = 'ShareUpdateExclusiveLock' AND granted";
    await until(async () => (await client.query(at)).rowCount === 1);
    await client.end();
    const policies = { ...policy("refuse", "30s").config.policy, searchPath: "app" };
    const config = { policy: policies, targets: { main: { url: url.href } }, stages: [{ name: "main", targets: ["main"] }] };
    return built(addRegion, { targets: ["main"], config });
  }

  it("and gives way by itself: it is named as such", async () => {
    const made = await worked("busy", "autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0");
    const { plan } = (await expectBelay(made, 0, ["plan", "--json"])).json();
    expect(plan.findings).toContainEqual(
      expect.objectContaining({ severity: "note", code: "autovacuum-running", message: expect.stringMatching(/^an autovacuum of tasks is running/) }),
    );
    expect((await roll(made)).outcome).toBe("completed");
  });

  it("against wraparound, which no waiting lock ends: it is named as what it is", async () => {
    // The table's age passes its limit, the lowest that there is.
    const wear =
      "CREATE PROCEDURE wear() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..101000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$";
    const made = await worked("worn", "autovacuum_freeze_max_age = 100000", wear);
    const refusal = await refusalOf(made);
    expect(refusal.code).toBe("vacuum-running");
    expect(refusal.message).toContain("an autovacuum to prevent wraparound of tasks is running");
  });
}); // prettier-ignore
