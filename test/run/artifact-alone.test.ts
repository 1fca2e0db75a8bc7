import type { Client } from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { runFile } from "../artifact/run-artifact.js";
import { addRegion, appliedOn, built, exists, pair, region } from "../cli/fixture.js";
import { expectBelay, type TestProject } from "../support/cli.js";
import { parseStatements } from "../../src/sql/parse.js";
import { connect, until } from "../world/server.js";

const one = { targets: ["main"] };
const id = "20260101000009_it";

const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => undefined); // one is ended by the test
});

async function open(made: TestProject): Promise<Client> {
  const client = await connect(made.database("main").url);
  clients.push(client);
  return client;
}

/** What a person's client, which goes on after an error, says of an artifact: errors and notices. */
async function runIn(client: Client, made: TestProject, change: string): Promise<readonly string[]> {
  const said: string[] = [];
  const hear = ({ message = "" }: { message?: string | undefined }): void => void said.push(message);
  client.on("notice", hear);
  for (const { text } of await parseStatements(await made.read(`rollbacks/${change}.sql`), change))
    await client.query(text).catch(hear);
  client.off("notice", hear);
  return said;
}

async function rolledOut(up: string, down: string, schema?: string): Promise<TestProject> {
  const made = await built(pair(id, up, down), { ...one, ...(schema !== undefined && { schema }) });
  await expectBelay(made, 0, ["rollout", "--yes"]);
  return made;
}

async function indexes(made: TestProject): Promise<readonly unknown[]> {
  return made
    .database("main")
    .query(
      "SELECT indexrelid::regclass::text AS name, indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass('by_n')",
    );
}

const numbers = "CREATE TABLE numbers (id int PRIMARY KEY, n int); INSERT INTO numbers VALUES (1, 1), (2, 2)";
const withIndex = `${numbers}; CREATE UNIQUE INDEX by_n ON numbers (n)`;
const [drop, build] = ["DROP INDEX CONCURRENTLY by_n;", "CREATE UNIQUE INDEX CONCURRENTLY by_n ON numbers (n);"];

describe("an artifact that runs alone", () => {
  it("keeps what was written while it waited for its lock, whatever isolation the database has set", async () => {
    const made = await built(addRegion, one);
    const database = made.database("main");
    await expectBelay(made, 0, ["rollout", "--yes"]);
    await database.query(`ALTER DATABASE ${database.name} SET default_transaction_isolation = 'repeatable read'`);
    const writer = await open(made);
    await writer.query("BEGIN; UPDATE tasks SET region = 'late' WHERE id = 7");
    const running = runFile(made, `rollbacks/${region}.sql`);
    const trying = "application_name LIKE 'belay/artifact/%' AND wait_event IN ('PgSleep', 'relation')";
    await until(async () => (await database.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND ${trying}`)).length > 0); // prettier-ignore
    await writer.query("COMMIT");
    expect((await running).exitCode).toBe(0);
    await expectBelay(made, 0, ["rollout", "--yes", "--retry", "again"]);
    expect(await database.query("SELECT id, region FROM tasks WHERE region IS NOT NULL")).toEqual([
      { id: "7", region: "late" },
    ]);
  });

  it("does not take an index that was left INVALID for one that it has built", async () => {
    const made = await rolledOut(drop, build, withIndex);
    await made.database("main").query("INSERT INTO numbers VALUES (3, 2)");
    expect((await runFile(made, `rollbacks/${id}.sql`)).exitCode).not.toBe(0);
    expect(await indexes(made)).toEqual([{ name: "by_n", valid: false }]);
    expect((await runFile(made, `rollbacks/${id}.sql`)).exitCode).not.toBe(0);
    expect(await appliedOn(made.database("main"))).toEqual([id]);
    await made.database("main").query("DELETE FROM numbers WHERE id = 3");
    expect((await runFile(made, `rollbacks/${id}.sql`)).exitCode).toBe(0);
    expect(await indexes(made)).toEqual([{ name: "by_n", valid: true }]);
    expect(await appliedOn(made.database("main"))).toEqual([]);
    const again = await runFile(made, `rollbacks/${id}.sql`);
    expect(again).toMatchObject({ exitCode: 0, said: expect.stringContaining("already taken back") });
  });

  it.each([
    ["an index that it would build", drop, build, withIndex, "SELECT to_regclass('by_n') IS NULL AS same"],
    [
      "a partition that it would take out",
      "ALTER TABLE years ATTACH PARTITION y20 FOR VALUES FROM (2020) TO (2021);",
      "ALTER TABLE years DETACH PARTITION y20 CONCURRENTLY;",
      "CREATE TABLE years (y int) PARTITION BY RANGE (y); CREATE TABLE y20 (y int)",
      "SELECT count(*) = 1 AS same FROM pg_inherits WHERE inhrelid = 'y20'::regclass",
    ],
  ])("leaves %s alone where its guard has refused, in a client that goes on after the error", async (_, up, down, schema, look) => {
    const made = await rolledOut(up, down, schema);
    const operator = await open(made);
    await operator.query("SELECT pg_advisory_lock(x'62656c6179'::bigint)");
    const said = await runIn(await open(made), made, id);
    expect(said[0]).toContain("somebody else is at work");
    expect(await made.database("main").query(look)).toEqual([{ same: true }]);
    expect(await appliedOn(made.database("main"))).toEqual([id]);
    await operator.query("SELECT pg_advisory_unlock_all()");
    const client = await open(made);
    expect((await runIn(client, made, id)).at(-1)).toContain("is taken back");
    expect((await client.query("SHOW default_transaction_read_only")).rows).toEqual([{ default_transaction_read_only: "off" }]); // prettier-ignore
    expect(await made.database("main").query(look)).toEqual([{ same: false }]);
  }); // prettier-ignore

  it("says within a transaction that nothing has happened before it is committed", async () => {
    const made = await built(addRegion, one);
    await expectBelay(made, 0, ["rollout", "--yes"]);
    const client = await open(made);
    // As psql does it by itself with AUTOCOMMIT off.
    await client.query("BEGIN");
    const said = await runIn(client, made, region);
    expect(said.at(-1)).toMatch(/COMMIT/);
    expect(said.join()).not.toContain("the ledger says so");
    await client.query("ROLLBACK");
    expect(await appliedOn(made.database("main"))).toEqual([region]);
    expect((await runIn(client, made, region)).at(-1)).toContain("the ledger says so");
  });

  it("means the names that are written in it, whatever encoding the client speaks", async () => {
    const made = await rolledOut(
      `CREATE TABLE "größe" (id int);`,
      `DROP TABLE "größe";`,
    );
    const client = await open(made);
    await client.query("SET client_encoding = 'LATIN1'");
    await runIn(client, made, id);
    expect(await exists(made.database("main"), `"größe"`)).toBe(false);
    expect(await appliedOn(made.database("main"))).toEqual([]);
  }); // prettier-ignore

  it("leaves a session that nobody takes for an interrupted one", async () => {
    const made = await built(addRegion, one);
    await expectBelay(made, 0, ["rollout", "--yes"]);
    const client = await open(made);
    await runIn(client, made, region);
    const { stderr } = await expectBelay(made, 0, ["rollout", "--yes", "--retry", "again"]);
    expect(stderr).not.toContain("orphan");
    expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });

  it.each([
    "CREATE UNIQUE INDEX CONCURRENTLY\n    IF  NOT  EXISTS by_n ON numbers (n);",
    "CREATE UNIQUE INDEX /* at last */ CONCURRENTLY -- by n\n  by_n ON numbers (n);",
  ])("builds an index however its statement is laid out, and is silent over one that is there: %s", async (down) => {
    const made = await rolledOut(drop, down, withIndex);
    expect((await runFile(made, `rollbacks/${id}.sql`)).exitCode).toBe(0);
    expect(await indexes(made)).toEqual([{ name: "by_n", valid: true }]);
    expect((await runFile(made, `rollbacks/${id}.sql`)).exitCode).toBe(0);
  });
});
