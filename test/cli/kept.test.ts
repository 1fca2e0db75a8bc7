import { describe, expect, it } from "vitest";
import { expectBelay, project } from "../support/cli.js";

const seeded = {
  "migrations/20260101000000_create_plans.up.sql": `CREATE TABLE plans (id bigserial PRIMARY KEY, name text UNIQUE, price integer);
INSERT INTO plans (name, price) VALUES ('free', 0), ('pro', 10);
`,
  "migrations/20260101000000_create_plans.down.sql": "DROP TABLE plans;\n",
};

const column = {
  "migrations/20260101000000_add_notes.up.sql": `ALTER TABLE things ADD COLUMN notes json;
UPDATE things SET notes = '{"from": "the change"}';
`,
  "migrations/20260101000000_add_notes.down.sql": "ALTER TABLE things DROP COLUMN notes;\n",
};

describe("what was kept", () => {
  it("goes before the rows that a change brings along when it is applied again, and no sequence is lowered", async () => {
    const made = await project(seeded, { targets: ["main"] });
    const { query } = made.database("main");
    await expectBelay(made, 0, ["rehearse"]);
    await expectBelay(made, 0, ["rollout", "--yes"]);
    await query("UPDATE plans SET price = 12 WHERE name = 'pro'");
    await query("INSERT INTO plans (name, price) VALUES ('team', 30)");

    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await query("SELECT to_regclass('plans') AS gone")).toEqual([{ gone: null }]);
    await expectBelay(made, 0, ["rollout", "--yes", "--retry", "wanted after all"]);

    expect(await query("SELECT id::int, name, price FROM plans ORDER BY id")).toEqual([
      { id: 1, name: "free", price: 0 },
      { id: 2, name: "pro", price: 12 },
      { id: 3, name: "team", price: 30 },
    ]);
    expect(await query("INSERT INTO plans (name) VALUES ('next') RETURNING id::int")).toEqual([{ id: 4 }]);
  });

  it("goes before the values that a change fills in, also where the type knows no equality", async () => {
    const made = await project(column, {
      targets: ["main"],
      schema: "CREATE TABLE things (id int PRIMARY KEY); INSERT INTO things VALUES (1), (2)",
    });
    const { query } = made.database("main");
    await expectBelay(made, 0, ["rehearse"]);
    await expectBelay(made, 0, ["rollout", "--yes"]);
    await query(`UPDATE things SET notes = '{"from": "a person"}' WHERE id = 2`);
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    await expectBelay(made, 0, ["rollout", "--yes", "--retry", "wanted after all"]);
    expect(await query("SELECT id, notes FROM things ORDER BY id")).toEqual([
      { id: 1, notes: { from: "the change" } },
      { id: 2, notes: { from: "a person" } },
    ]);
  });
});

describe("what a drop on the way forward kept", () => {
  it("comes back with the column, without a trigger of the application seeing it, also where the type knows no equality", async () => {
    const made = await project(
      {
        "migrations/20260101000000_drop_note.up.sql": "ALTER TABLE things DROP COLUMN note;\n",
        "migrations/20260101000000_drop_note.down.sql": "ALTER TABLE things ADD COLUMN note json;\n",
      },
      {
        targets: ["main"],
        config: { policy: { rehearsal: { required: false } } },
        schema: `CREATE TABLE things (id int PRIMARY KEY, seen int DEFAULT 0, note json); INSERT INTO things VALUES (1, 0, '{"a": 1}'), (2, 0, NULL);
          CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.seen := NEW.seen + 1; RETURN NEW; END';
          CREATE TRIGGER see BEFORE UPDATE ON things FOR EACH ROW EXECUTE FUNCTION see()`,
      },
    );
    await expectBelay(made, 0, ["build"]);
    await expectBelay(made, 0, ["rollout", "--yes"]);
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    const { query } = made.database("main");
    expect(await query("SELECT * FROM things ORDER BY id")).toEqual([
      { id: 1, seen: 0, note: { a: 1 } },
      { id: 2, seen: 0, note: null },
    ]);
    expect(await query("SELECT tgenabled FROM pg_trigger WHERE tgname = 'see'")).toEqual([{ tgenabled: "O" }]);
  });

  it("comes back where it was, with its values, also in a table without a key", async () => {
    const made = await project(
      {
        "migrations/20260101000000_drop_note.up.sql": "ALTER TABLE things DROP COLUMN note;\n",
        "migrations/20260101000000_drop_note.down.sql": "ALTER TABLE things ADD COLUMN note text;\n",
      },
      {
        targets: ["main"],
        config: { policy: { rehearsal: { required: false } } },
        schema: "CREATE TABLE things (id int, note text, size int); INSERT INTO things VALUES (1, 'a', 7)",
      },
    );
    await expectBelay(made, 0, ["build"]);
    await expectBelay(made, 0, ["rollout", "--yes"]);
    await made.database("main").query("INSERT INTO things (id, size) VALUES (2, 8)");
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    const rows = await made.database("main").query("SELECT * FROM things ORDER BY id");
    expect(rows.map((row) => Object.entries(row))).toEqual([
      [
        ["id", 1],
        ["note", "a"],
        ["size", 7],
      ],
      [
        ["id", 2],
        ["note", null],
        ["size", 8],
      ],
    ]);
  });
});

describe("what was there before Belay", () => {
  it("is left alone by the way back of a knex migration, and where one half names its schema and the other does not", async () => {
    const made = await project(
      {
        "migrations/20260101000000_make_a.ts": `export const up = (knex) => knex.raw("CREATE TABLE IF NOT EXISTS a (id int)");
export const down = (knex) => knex.schema.dropTable("a");\n`,
        "migrations/20260101000001_make_b.up.sql": "CREATE TABLE IF NOT EXISTS b (id int);\n",
        "migrations/20260101000001_make_b.down.sql": "DROP TABLE public.b;\n",
      },
      {
        targets: ["main"],
        config: { policy: { rehearsal: { required: false } } },
        schema: "CREATE TABLE a (id int); INSERT INTO a VALUES (1); CREATE TABLE b (id int); INSERT INTO b VALUES (2)",
      },
    );
    await expectBelay(made, 0, ["build"]);
    await expectBelay(made, 0, ["rollout", "--yes"]);
    await expectBelay(made, 0, ["revert", "make_a", "make_b", "--yes"]);
    expect(await made.database("main").query("SELECT id FROM a UNION ALL SELECT id FROM b")).toEqual([
      { id: 1 },
      { id: 2 },
    ]);
  });
});

describe("a setting that a change leaves behind", () => {
  it("does not reach the next change", async () => {
    const made = await project(
      {
        "migrations/20260101000000_first.up.sql": "SET search_path = other; ALTER TABLE t ADD COLUMN a text;\n",
        "migrations/20260101000000_first.down.sql": "ALTER TABLE other.t DROP COLUMN a;\n",
        "migrations/20260101000001_second.up.sql": "ALTER TABLE t ADD COLUMN b text;\n",
        "migrations/20260101000001_second.down.sql": "ALTER TABLE t DROP COLUMN b;\n",
      },
      {
        targets: ["main"],
        config: { policy: { rehearsal: { required: false } } },
        schema: "CREATE SCHEMA other; CREATE TABLE public.t (id int); CREATE TABLE other.t (id int)",
      },
    );
    await expectBelay(made, 0, ["build"]);
    await expectBelay(made, 0, ["rollout", "--yes"]);
    const columns = await made.database("main").query(
      `SELECT table_schema || '.' || column_name AS name FROM information_schema.columns
       WHERE table_name = 't' AND column_name <> 'id' ORDER BY 1`,
    );
    expect(columns.map(({ name }) => name)).toEqual(["other.a", "public.b"]);
    await expectBelay(made, 0, ["revert", "first", "second", "--yes"]);
  });
});
