import { describe, expect, it } from "vitest";
import { expectBelay, project, type TestProject } from "../support/cli.js";

const addNote = {
  "migrations/20260101000000_add_note.up.sql": "ALTER TABLE things ADD COLUMN note text NOT NULL DEFAULT '';\n",
  "migrations/20260101000000_add_note.down.sql": "ALTER TABLE things DROP COLUMN note;\n",
};
const dropSize = {
  "migrations/20260101000000_drop_size.up.sql": "ALTER TABLE things DROP COLUMN size;\n",
  "migrations/20260101000000_drop_size.down.sql": "ALTER TABLE things ADD COLUMN size int;\n",
};
const schema =
  "CREATE TABLE things (id int PRIMARY KEY, size int, name text); INSERT INTO things SELECT i, i, 'thing ' || i FROM generate_series(1, 20000) i";

async function live(files: Readonly<Record<string, string>>, keyed = true): Promise<TestProject> {
  const made = await project(files, {
    targets: ["main"],
    config: { policy: { rehearsal: { required: false } } },
    schema: keyed ? schema : schema.replace(" PRIMARY KEY", ""),
  });
  await expectBelay(made, 0, ["build"]);
  await expectBelay(made, 0, ["rollout", "--yes"]);
  return made;
}

async function columns(made: TestProject): Promise<readonly string[]> {
  const rows = await made
    .database("main")
    .query(
      "SELECT attname FROM pg_attribute WHERE attrelid = 'things'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
    );
  return rows.map(({ attname }) => String(attname));
}

const keptIn = async (made: TestProject): Promise<readonly { readonly how: string }[]> =>
  (await expectBelay(made, 0, ["status", "--json"])).json().targets[0].kept;

describe("a column that a way back hides", () => {
  it("stays hidden with --no-settle, is settled by the next command, and its values return with the change", async () => {
    const made = await live(addNote);
    const { query } = made.database("main");
    await query("UPDATE things SET note = 'said' WHERE id % 2 = 0");
    await expectBelay(made, 0, ["revert", "--last", "--yes", "--no-settle"]);
    expect(await columns(made)).toEqual(["id", "size", "name", expect.stringMatching(/^belay_kept_\d+_1_note$/)]);
    await query("INSERT INTO things (id) VALUES (0)");
    expect(await keptIn(made)).toMatchObject([{ how: "hidden" }]);
    expect((await expectBelay(made, 0, ["drift", "--json"])).json().targets[0].differences).toEqual([]);
    await expectBelay(made, 0, ["purge", "--yes"]);
    expect(await columns(made)).toEqual(["id", "size", "name"]);
    expect(await keptIn(made)).toMatchObject([{ how: "settled", parts: [{ rows: 20_001 }] }]);
    await expectBelay(made, 0, ["rollout", "--yes", "--retry", "wanted after all"]);
    expect(await query("SELECT count(*)::int AS n FROM things WHERE note = 'said'")).toEqual([{ n: 10_000 }]);
    expect(await keptIn(made)).toEqual([]);
  });

  it("goes on where the settling was cut off, and loses no value, also of a row whose key was changed meanwhile", async () => {
    const made = await live(addNote);
    const { query } = made.database("main");
    await query("UPDATE things SET note = 'said ' || id");
    await expectBelay(made, 0, ["revert", "--last", "--yes", "--no-settle"]);
    // What a server that stops in the midst of it leaves: the first batch, and no more.
    const batch = "SELECT belay.settle_batch(relation, attribute, called, key, into_name, 500) FROM belay.unsettled()";
    expect(await query(batch)).toEqual([{ settle_batch: "500" }]);
    await query("UPDATE things SET id = -1 WHERE id = 20000");
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    await expectBelay(made, 0, ["rollout", "--yes", "--retry", "wanted after all"]);
    const [row] = await query(
      "SELECT count(*)::int AS n, max(note) FILTER (WHERE id = -1) AS moved FROM things WHERE note <> ''",
    );
    expect(row).toEqual({ n: 20_000, moved: "said 20000" });
  });

  it("stays hidden where its table has no key, says so, and comes back as it was", async () => {
    const made = await live(addNote, false);
    const { query } = made.database("main");
    await query("UPDATE things SET note = 'said'");
    const { stderr } = await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(stderr).toContain("its table has no primary key");
    await expectBelay(made, 0, ["rollout", "--yes", "--retry", "wanted after all"]);
    expect(await query("SELECT DISTINCT note FROM things")).toEqual([{ note: "said" }]);
    expect(await columns(made)).toEqual(["id", "size", "name", "note"]);
  });
});

describe("a column that a way forward hides", () => {
  it("is not begun to come back where rows have come since that do not fit it, and says how many", async () => {
    const made = await live({
      "migrations/20260101000000_drop_name.up.sql": "ALTER TABLE things DROP COLUMN name;\n",
      "migrations/20260101000000_drop_name.down.sql":
        "ALTER TABLE things ADD COLUMN name text NOT NULL CHECK (name <> '');\n",
      "migrations/20251231000000_name_all.up.sql":
        "ALTER TABLE things ALTER COLUMN name SET NOT NULL; ALTER TABLE things ADD CHECK (name <> '' OR size < 0);\n",
      "migrations/20251231000000_name_all.down.sql":
        "ALTER TABLE things DROP CONSTRAINT things_check; ALTER TABLE things ALTER COLUMN name DROP NOT NULL;\n",
    });
    const { query } = made.database("main");
    await query("INSERT INTO things (id) VALUES (0), (-1)");
    const { stderr } = await expectBelay(made, 3, ["revert", "--last", "--yes"]);
    expect(stderr).toContain("2 rows of public.things without a value for name, which is NOT NULL");
    expect(await columns(made)).toEqual(["id", "size", expect.stringMatching(/^belay_kept_/)]);
    await query("DELETE FROM things WHERE id <= 0");
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await columns(made)).toEqual(["id", "size", "name"]);
    const [row] = await query("SELECT count(name)::int AS n FROM things");
    expect(row).toEqual({ n: 20_000 });
  });
});

describe("a purge", () => {
  it("leaves what is young, asks before, ends the way back of what is applied, and the revert says what that lost", async () => {
    const made = await live(dropSize);
    const { query } = made.database("main");
    expect((await expectBelay(made, 0, ["purge", "--yes", "--json"])).json()).toMatchObject({
      outcome: "nothing_to_do",
      targets: [{ stays: 1 }],
    });
    const shown = await expectBelay(made, 0, ["purge", "--older-than", "0s", "--dry-run", "--json"]);
    expect(shown.json().targets[0].purge).toMatchObject([
      { objects: ["column public.things.size"], how: "hidden", endsWayBack: true },
    ]);
    await expectBelay(made, 3, ["purge", "--older-than", "0s"]);
    expect(await keptIn(made)).toHaveLength(1);
    await expectBelay(made, 0, ["purge", "drop_size", "--older-than", "0s", "--yes"]);
    expect(await keptIn(made)).toEqual([]);
    expect(await columns(made)).toEqual(["id", "name"]);
    const { targets } = (await expectBelay(made, 5, ["revert", "--last", "--yes", "--json"])).json();
    expect(targets[0].loss).toMatchObject([
      { object: "column public.things.size", what: expect.stringContaining("purged") },
    ]);
    expect(await query("SELECT count(size)::int AS n FROM things")).toEqual([{ n: 0 }]);
  });

  it("is refused where something has come to use what is kept, and drops nothing of that", async () => {
    const made = await live(dropSize);
    const { query } = made.database("main");
    const [column] = await columns(made).then((names) => names.filter((name) => name.startsWith("belay_kept")));
    await query(`CREATE VIEW uses AS SELECT "${column}" FROM things`);
    const { stderr } = await expectBelay(made, 3, ["purge", "--older-than", "0s", "--yes"]);
    expect(stderr).toContain("something uses what is kept");
    expect(await keptIn(made)).toHaveLength(1);
  });
});
