import { describe, expect, it } from "vitest";
import { expectBelay, project, type TestProject } from "../support/cli.js";

async function retyped(schema: string, up: string, down: string): Promise<TestProject> {
  const made = await project(
    {
      "migrations/20260101000000_retype.up.sql": `ALTER TABLE things ${up};\n`,
      "migrations/20260101000000_retype.down.sql": `ALTER TABLE things ${down};\n`,
    },
    { targets: ["main"], schema },
  );
  await made.configure({
    targets: { main: { url: made.database("main").url } },
    policy: { rehearsal: { required: false } },
  });
  await expectBelay(made, 0, ["build"]);
  await expectBelay(made, 0, ["rollout", "--yes"]);
  return made;
}

describe("before a way back to another type", () => {
  it("rows that the type cannot hold are counted, and nothing is touched while there are any", async () => {
    const made = await retyped(
      "CREATE TABLE things (id int PRIMARY KEY, size int NOT NULL, name varchar(4)); INSERT INTO things SELECT n, n, 'a' FROM generate_series(1, 20000) n",
      "ALTER size TYPE bigint, ALTER name TYPE text",
      `ALTER size TYPE integer, ALTER COLUMN "name" SET DATA TYPE varchar(4) USING (name)`,
    );
    const { query } = made.database("main");
    await query(
      "UPDATE things SET size = 3000000000 WHERE id IN (7, 8, 19000); UPDATE things SET name = 'too long' WHERE id IN (8, 9)",
    );
    const { error } = (await expectBelay(made, 3, ["revert", "--last", "--yes", "--json"])).json();
    expect(error).toMatchObject({
      code: "rows-in-the-way",
      message: expect.stringContaining("main: 4 rows of things whose size, name cannot be converted"),
    });
    expect(await query("SELECT count(*)::int AS tables FROM pg_class WHERE relname LIKE 'belay_trial%'")).toEqual([
      { tables: 0 },
    ]);
    await query("UPDATE things SET size = 1, name = 'b' WHERE id IN (7, 8, 9, 19000)");
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
  });

  it("rows that it would round are named as a loss; those that are as the change left them come back exactly", async () => {
    const made = await retyped(
      "CREATE TABLE things (id int PRIMARY KEY, size int); INSERT INTO things VALUES (1, 10), (2, 20), (3, 30)",
      "ALTER size TYPE numeric(10, 2) USING size + 0.5",
      "ALTER size TYPE int",
    );
    const { query } = made.database("main");
    await query("UPDATE things SET size = 7.25 WHERE id = 2");
    await query("UPDATE things SET size = 8 WHERE id = 3");
    const { stderr } = await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(stderr).toMatch(
      /things\.size: 1 rows have values since that the type before cannot hold: they are rounded or cut/,
    );
    expect(await query("SELECT id, size FROM things ORDER BY id")).toEqual([
      { id: 1, size: 10 },
      { id: 2, size: 7 },
      { id: 3, size: 8 },
    ]);
  });

  it("the rows of partitions, and of tables that inherit, are counted too, by the author's own conversion", async () => {
    const made = await retyped(
      `CREATE TABLE things (id int, size text) PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF things FOR VALUES FROM (0) TO (10);
       CREATE TABLE high PARTITION OF things FOR VALUES FROM (10) TO (20); INSERT INTO things SELECT n, n FROM generate_series(1, 19) n`,
      "ALTER size TYPE text USING 'n' || size",
      `ALTER size TYPE int USING (regexp_split_to_array(things.size, ','))[1]::int`.replace("things.", ""),
    );
    const { query } = made.database("main");
    await query("UPDATE things SET size = id || ',%s'");
    await query("UPDATE things SET size = 'none' WHERE id IN (3, 12, 13)");
    const { error } = (await expectBelay(made, 3, ["revert", "--last", "--yes", "--json"])).json();
    expect(error.message).toContain("3 rows of things whose size cannot be converted");
  });
});
