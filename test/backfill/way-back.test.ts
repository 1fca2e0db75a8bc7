import { describe, expect, it } from "vitest";
import { expectBelay, project, type TestProject } from "../support/cli.js";

const rows = 2_000;

/** Each row holds its own number; the change moves `n` and `place` on, and its way back says something about `n` alone. */
async function moved(schema: string): Promise<TestProject> {
  const made = await project(
    {
      "migrations/20260101000000_move.up.sql": `-- belay:batch\nUPDATE things SET n = n + 1, place = place + 100000;\n`,
      "migrations/20260101000000_move.down.sql": `-- belay:batch\nUPDATE things SET n = n - 1;\n`,
    },
    {
      targets: ["main"],
      schema: `CREATE TABLE things (id bigint PRIMARY KEY, n int, place int UNIQUE, note text); INSERT INTO things SELECT i, i, i FROM generate_series(1, ${rows}) AS i; ${schema}`,
    },
  );
  await made.configure({
    targets: { main: { url: made.database("main").url } },
    policy: { rehearsal: { required: false } },
  });
  await expectBelay(made, 0, ["build"]);
  await expectBelay(made, 0, ["rollout", "--yes"]);
  return made;
}

async function odd(made: TestProject): Promise<readonly object[]> {
  return made
    .database("main")
    .query("SELECT id::int, n, place, note FROM things WHERE (n, place) IS DISTINCT FROM (id, id) ORDER BY id");
}

const noticing = `CREATE FUNCTION notice() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := NEW.note; RETURN NEW; END';
  CREATE TRIGGER notice BEFORE UPDATE ON things FOR EACH ROW EXECUTE FUNCTION notice();`;

describe("the way back of a backfill", () => {
  it.each([["", "by itself"], [noticing, "beside a trigger"]])("gives back each row that is as it was left, and runs the author's statement over the others alone %#", async (schema) => {
    const made = await moved(schema);
    const { query } = made.database("main");
    await query("UPDATE things SET n = 500 WHERE id = 5");
    await query("UPDATE things SET note = 'mine' WHERE id = 700");
    await query("DELETE FROM things WHERE id = 9");
    await query(`INSERT INTO things VALUES (${rows + 1}, 7, -1)`);
    const { stderr } = await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await odd(made)).toEqual([
      { id: 5, n: 499, place: 100_005, note: null },
      { id: 700, n: 700, place: 100_700, note: "mine" },
      { id: rows + 1, n: 6, place: -1, note: null },
    ]);
    expect(await query("SELECT count(*)::int AS rows FROM things")).toEqual([{ rows }]);
    expect(stderr).toMatch(/3 rows of public\.things were changed since.*5; 9; 700/);
  }); // prettier-ignore

  it("leaves a row whose place is taken, and gives back the others of its range", async () => {
    const made = await moved("");
    await made.database("main").query(`INSERT INTO things VALUES (${rows + 1}, 7, 1234)`);
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await odd(made)).toEqual([
      { id: 1234, n: 1234, place: 101_234, note: null },
      { id: rows + 1, n: 6, place: 1234, note: null },
    ]);
  });
});
