import { open } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { planRollout } from "../../src/rollout/plan-rollout.js";
import { loadProject } from "../../src/system/project/project.js";
import { appliedOn, built, columnsOf, exists, pair } from "../cli/fixture.js";
import { until } from "../world/server.js";
import { isUntouched, refusalOf, roll } from "./refusal.js";

const id = "20260101000001_index";
const filled = `CREATE TABLE tasks (id bigint PRIMARY KEY, note text);
  INSERT INTO tasks SELECT n, md5(n::text) || md5((n + 1)::text) FROM generate_series(1, 40000) n;`;
const concurrently = pair(
  id,
  "CREATE INDEX CONCURRENTLY idx_note ON tasks (note);",
  "DROP INDEX CONCURRENTLY idx_note;",
);

/** The disk is full, as far as the sort of an index build is concerned. */
const full = "ALTER DATABASE %s SET temp_file_limit = '100kB'; ALTER DATABASE %s SET maintenance_work_mem = '1MB'";

describe("C4: the disk is full, or a statement is cut off in the middle", () => {
  it.each([
    ["outside a transaction", concurrently, "CREATE INDEX CONCURRENTLY"],
    [
      "in a transaction",
      pair(
        id,
        "ALTER TABLE tasks ADD COLUMN x int; CREATE INDEX idx_note ON tasks (note);",
        "DROP INDEX idx_note; ALTER TABLE tasks DROP COLUMN x;",
      ),
      "CREATE INDEX",
    ],
  ])("%s: the error says so, and nothing is left", async (_, files) => {
    const made = await built(files, { targets: ["main"], schema: filled });
    const database = made.database("main");
    await database.query(full.replaceAll("%s", database.name));
    const result = await roll(made);
    expect(result.outcome).toBe("rolled_back");
    expect(result.failure?.message).toMatch(/temporary file size exceeds/);
    expect(result.failure?.message).toContain(id);
    expect(await exists(database, "idx_note")).toBe(false);
    expect(await columnsOf(database, "tasks")).toEqual(["id", "note"]);
    expect(await appliedOn(database)).toEqual([]);
    await database.query(`ALTER DATABASE ${database.name} RESET ALL`);
    expect((await roll(made, { retry: "there is room again" })).outcome).toBe("completed");
  });

  it("cancelled by somebody: all of it is gone", async () => {
    const made = await built(pair(id, "UPDATE tasks SET note = 'changed'; SELECT pg_sleep(600);", "UPDATE tasks SET note = 'back';"), { targets: ["main"], schema: filled }); // prettier-ignore
    const database = made.database("main");
    const rolling = roll(made);
    await until(async () => (await database.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active' AND datname = current_database()")).length > 0); // prettier-ignore
    const result = await rolling;
    expect(result).toMatchObject({
      outcome: "rolled_back",
      failure: { message: expect.stringContaining("canceling statement due to user request") },
    });
    expect(await database.query("SELECT count(*)::int AS changed FROM tasks WHERE note = 'changed'")).toEqual([
      { changed: 0 },
    ]);
  });

  it("is seen beforehand: what both ways need is told, beside what is free", async () => {
    const rewrite = pair(
      id,
      "ALTER TABLE tasks ALTER COLUMN id TYPE numeric;",
      "ALTER TABLE tasks ALTER COLUMN id TYPE bigint;",
    );
    const made = await built(rewrite, { targets: ["main"], schema: filled });
    const [row] = await made
      .database("main")
      .query<{ total: number }>("SELECT pg_total_relation_size('tasks')::float8 AS total");
    const plan = await planRollout(await loadProject({ directory: made.root }), {
      to: null,
      stage: null,
      target: null,
    });
    expect(plan.targets[0]?.disk).toEqual(
      ["up", "down"].map((direction) => ({
        direction,
        place: "data directory",
        neededBytes: row?.total,
        freeBytes: expect.any(Number),
      })),
    );
  });

  it("is refused beforehand where the table is larger than what is free", async () => {
    const rewrite = pair(
      id,
      "ALTER TABLE tasks ALTER COLUMN id TYPE numeric;",
      "ALTER TABLE tasks ALTER COLUMN id TYPE bigint;",
    );
    const made = await built(rewrite, { targets: ["main"], schema: "CREATE TABLE tasks (id bigint)" });
    const database = made.database("main");
    const before = await planRollout(await loadProject({ directory: made.root }), {
      to: null,
      stage: null,
      target: null,
    });
    const free = before.targets[0]?.disk[0]?.freeBytes ?? 0;
    const [place] = await database.query<{ path: string }>(
      "SELECT current_setting('data_directory') || '/' || pg_relation_filepath('tasks') AS path",
    );
    // Segments of a relation are files of 1 GB (manual, 73.1); these have no blocks on the disk.
    const segments = Math.ceil(free / 2 ** 30) + 1;
    for (let segment = 0; segment < segments; segment += 1) {
      const file = await open(`${place?.path}${segment === 0 ? "" : `.${segment}`}`, "a");
      await file.truncate(2 ** 30);
      await file.close();
    }
    const refusal = await refusalOf(made);
    expect(refusal).toMatchObject({ kind: "refused", code: "disk-full" });
    expect(refusal.message).toMatch(
      /the way forward wants up to \S+ GB in the data directory for tasks \(migrations\/.+\.up\.sql:1:1\), and \S+ GB is free/,
    );
    expect(await isUntouched(database)).toBe(true);
  });
});
