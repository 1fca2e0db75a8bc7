import { beforeAll, describe, expect, it } from "vitest";
import { built, pair, unrehearsed } from "../cli/fixture.js";
import { belay, expectBelay, project, type TestProject } from "../support/cli.js";

const targets = ["main"];
const keyless = pair(
  "20260101000001_keyless",
  "ALTER TABLE tasks DROP CONSTRAINT tasks_pkey;",
  "ALTER TABLE tasks ADD PRIMARY KEY (id);",
);
const update = pair("20260101000002_notes", "UPDATE tasks SET note = 'same';", "UPDATE tasks SET note = 'none';");

/** Tables of which each stands in the way of something, and some that do not. */
const schema = `CREATE TABLE tasks (id int PRIMARY KEY, note text, mail text UNIQUE); INSERT INTO tasks VALUES (1, 'a');
  CREATE TABLE loose (id int, note text); CREATE TABLE uniques (id int NOT NULL, note text, UNIQUE (id)); CREATE VIEW seen AS SELECT * FROM tasks;
  CREATE TABLE parent (id int PRIMARY KEY, note text); CREATE TABLE child () INHERITS (parent);
  CREATE TABLE parted (id int PRIMARY KEY, note text) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parted DEFAULT;
  CREATE TABLE boss (id int PRIMARY KEY); CREATE TABLE near (id int PRIMARY KEY, boss int REFERENCES boss ON DELETE CASCADE);
  CREATE TABLE far (near int REFERENCES near ON DELETE CASCADE);`;
const id = "20260101000005_it";
type Finding = { severity: string; code: string; message: string; hint: string };

describe("that what rows were cannot be kept is told before anything is touched", () => {
  let made: TestProject;
  beforeAll(async () => {
    made = await project({}, { targets: ["main"], schema, config: unrehearsed });
  });
  const plan = async (...files: readonly Record<string, string>[]): Promise<readonly Finding[]> => {
    await made.remove("migrations").catch(() => undefined);
    await made.write(Object.assign({}, ...files) as Record<string, string>);
    const { findings } = (await belay(made, ["plan", "--json"])).json().plan as { findings: readonly Finding[] };
    return findings.filter(({ code }) => code === "rows-not-kept");
  };

  it.each([
    ["UPDATE loose SET note = 'x'", "loose has no primary key", "Give it one,"],
    [
      "INSERT INTO loose VALUES (1) ON CONFLICT (id) DO UPDATE SET note = 'x'",
      "loose has no primary key",
      "Give it one,",
    ],
    ["UPDATE seen SET note = 'x'", "seen is no table", "otherwise"],
    ["INSERT INTO seen VALUES (2)", "seen is no table", "otherwise"],
    ["UPDATE parent SET note = 'x'", "other tables inherit from parent", "Write ONLY"],
    ["DELETE FROM parent", "other tables inherit from parent", "Write ONLY"],
    ["UPDATE tasks SET id = id + 1", "sets a column of the key of tasks", "otherwise"],
    ["DELETE FROM near", "far has no primary key", "Give it one,"],
  ])("%s", async (sql, said, remedy) => {
    for (const files of [pair(id, `${sql};`, "SELECT 1;"), pair(id, "SELECT 1;", `\n  ${sql};`)]) {
      const [finding, ...others] = await plan(files);
      expect(others).toEqual([]);
      expect(finding).toMatchObject({ severity: "refuse", message: expect.stringContaining(said), hint: expect.stringContaining(remedy) }); // prettier-ignore
      expect(finding?.message).toMatch(/20260101000005_it\.(up\.sql:1:1|down\.sql:2:3) writes them/);
    }
  });

  it.each([
    ["a key", "UPDATE tasks SET mail = 'x'; DELETE FROM tasks; TRUNCATE tasks"],
    ["a unique key that is as good", "UPDATE uniques SET note = 'x'"],
    ["nothing to tell apart", "INSERT INTO loose VALUES (1); DELETE FROM loose; TRUNCATE loose"],
    ["ONLY", "UPDATE ONLY parent SET note = 'x'; TRUNCATE parent; INSERT INTO parent VALUES (1)"],
    ["partitions", "UPDATE parted SET note = 'x'"],
    ["a table that it makes", "CREATE TABLE fresh (a int); UPDATE fresh SET a = 1"],
    ["a column that it makes", "ALTER TABLE loose ADD COLUMN a int; UPDATE loose SET a = 1"],
    ["a key that it makes", "ALTER TABLE loose ADD PRIMARY KEY (id); UPDATE loose SET note = 'x'"],
    ["kin that it lets go", "DROP TABLE child; UPDATE parent SET note = 'x'"],
    ["a statement that nobody sees through", "DO $$ BEGIN END $$; UPDATE loose SET note = 'x'"],
  ])("is not said of what can be: %s", async (_, sql) => {
    expect(await plan(pair(id, `${sql};`, "SELECT 1;"))).toEqual([]);
  });

  it("is not said with `keep off`, nor after an earlier change that gives the table a key, nor of a way back that runs after one", async () => {
    const update = "UPDATE loose SET note = 'x';";
    expect(await plan(pair(id, update, update, "keep off"))).toEqual([]);
    const keyed = pair("20260101000001_key", "ALTER TABLE loose ADD PRIMARY KEY (id);", "ALTER TABLE loose DROP CONSTRAINT loose_pkey;"); // prettier-ignore
    expect(await plan(keyed, pair(id, update, update))).toEqual([]);
    const column = pair(
      "20260101000001_column",
      "ALTER TABLE loose ADD COLUMN a int;",
      "ALTER TABLE loose DROP COLUMN a;",
    );
    expect(await plan(column, pair(id, update, update))).toHaveLength(2);
  });

  it("is a warning where only rows that foreign keys take along stand in the way", async () => {
    expect(await plan(pair(id, "DELETE FROM boss;", "SELECT 1;"))).toMatchObject([{ severity: "warn", message: expect.stringContaining("far has no primary key") }]); // prettier-ignore
  });

  it("keeps a rollout from starting, each statement named, and the ledger from being made", async () => {
    await plan(pair(id, "UPDATE loose SET note = 'x';\nUPDATE seen SET note = 'x';", "SELECT 1;"));
    await expectBelay(made, 0, ["build"]);
    const { error } = (await expectBelay(made, 3, ["rollout", "--yes", "--json"])).json();
    expect(error).toMatchObject({ code: "rows-not-kept", hint: expect.stringContaining("-- belay:keep off") });
    expect(error.message).toMatch(/loose has no primary key.*up\.sql:1:1.*seen is no table.*up\.sql:2:1/);
    expect(await made.database("main").query("SELECT to_regnamespace('belay') AS ledger")).toEqual([{ ledger: null }]);
  });
});

describe("what rows were cannot be kept, and that shows only when the change runs", () => {
  it("is told with the way out by the rollout, whose way back it is", async () => {
    const made = await built({ ...keyless, ...update }, { targets });
    const { failure } = (await expectBelay(made, 4, ["rollout", "--yes", "--json"])).json();
    expect(failure.message).toMatch(/tasks has no primary key.* Give it one, .*-- belay:keep off/);
    const again = await belay(made, ["status"]);
    expect(again.stdout).toContain("Give it one,");
    expect(await made.database("main").query("SELECT count(*)::int AS n FROM belay.image")).toEqual([{ n: 0 }]);
  });

  it("is told with the way out by the rehearsal", async () => {
    const made = await built({ ...keyless, ...update }, { targets });
    const { error } = (await expectBelay(made, 3, ["rehearse", "--json"])).json();
    expect(error.message).toMatch(/tasks has no primary key.* Give it one, .*-- belay:keep off/);
  });
});
