import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Client } from "pg";
import { parseStatements } from "../../src/sql/parse.js";
import { expectBelay, project, type TestProject } from "../support/cli.js";

const column = "20260101000001_add_note";
const index = "20260101000002_idx_note";

let made: TestProject;

beforeAll(async () => {
  made = await project(
    {
      [`migrations/${column}.up.sql`]: "ALTER TABLE things ADD COLUMN note text;\n",
      [`migrations/${column}.down.sql`]: "ALTER TABLE things DROP COLUMN note;\n",
      [`migrations/${index}.up.sql`]: `-- belay:requires ${column}\nCREATE INDEX CONCURRENTLY idx_note ON things (note);\n`,
      [`migrations/${index}.down.sql`]: "DROP INDEX CONCURRENTLY idx_note;\n",
    },
    {
      targets: ["main"],
      schema: "CREATE TABLE things (id int PRIMARY KEY)",
      config: { policy: { rehearsal: { required: false } } },
    },
  );
  await expectBelay(made, 0, ["build"]);
  await expectBelay(made, 0, ["rollout", "--yes"]);
});

/** Runs an artifact as a client that goes on after an error, and gives what went wrong. */
async function runStubbornly(client: Client, id: string): Promise<readonly string[]> {
  const errors: string[] = [];
  for (const { text } of await parseStatements(await made.read(`rollbacks/${id}.sql`))) {
    await client.query(text).catch((thrown: Error) => errors.push(thrown.message));
  }
  return errors;
}

async function state(): Promise<unknown> {
  const { query } = made.database("main");
  return {
    column: await query("SELECT attname FROM pg_attribute WHERE attrelid = 'things'::regclass AND attname = 'note'"),
    index: await query("SELECT to_regclass('idx_note')::text AS name"),
    applied: (await query("SELECT id FROM belay.applied")).map(({ id }) => id),
  };
}

describe("an artifact that was refused", () => {
  const client: { current: Client | null } = { current: null };
  afterAll(() => client.current?.end());

  it("does nothing in a client that goes on after the error: a dependent stands in the way", async () => {
    const before = await state();
    client.current = new Client({ connectionString: made.database("main").url });
    await client.current.connect();
    const errors = await runStubbornly(client.current, column);
    expect(errors[0]).toContain(`is required by ${index}`);
    expect(await state()).toEqual(before);
  });

  it("does nothing either when somebody else is at work there", async () => {
    const before = await state();
    const other = new Client({ connectionString: made.database("main").url });
    await other.connect();
    await other.query(`SELECT pg_advisory_lock(${0x62_65_6c_61_79})`);
    const mine = new Client({ connectionString: made.database("main").url });
    await mine.connect();
    const errors = await runStubbornly(mine, index);
    await Promise.all([mine.end(), other.end()]);
    expect(errors[0]).toContain("somebody else is at work");
    expect(await state()).toEqual(before);
  });

  it("runs where nothing stands in its way", async () => {
    const mine = new Client({ connectionString: made.database("main").url });
    await mine.connect();
    expect(await runStubbornly(mine, index)).toEqual([]);
    expect(await runStubbornly(mine, column)).toEqual([]);
    await mine.end();
    expect(await state()).toEqual({ column: [], index: [{ name: null }], applied: [] });
  });
});
