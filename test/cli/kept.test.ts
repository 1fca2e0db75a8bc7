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
