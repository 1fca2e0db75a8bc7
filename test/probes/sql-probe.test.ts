import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gateDefaults, type Conditions, type GateOf } from "../../src/gate/gate.js";
import { evaluate } from "../../src/gate/measurement.js";
import { measureSql } from "../../src/postgres/probes/sql-probe.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase("sql_probe");
  await database.query("CREATE TABLE task_errors (at timestamptz)");
});
afterAll(() => database.drop());

function gate(query: string, success: Conditions = { max: 0 }, timeoutMs = 10_000): GateOf<"sql"> {
  const probe = { kind: "sql", query } as const;
  return { ...gateDefaults({ name: "errors", probe, phases: ["after"], success, timeoutMs }, "after"), probe };
}

/** Measures on a session of its own, and proves that it is idle and unchanged afterwards. */
async function measureOnce(of: GateOf<"sql">): ReturnType<typeof measureSql> {
  const reading = await measureSql(database.client, of);
  const [state] = await database.query(
    "SELECT current_setting('statement_timeout') AS timeout, now() = statement_timestamp() AS idle",
  );
  expect(state).toEqual({ timeout: "0", idle: true });
  return reading;
}

describe("an SQL probe", () => {
  it.each<[string, Conditions, object]>([
    ["SELECT count(*) FROM task_errors", { max: 0 }, { kind: "value", value: 0 }],
    ["SELECT 12.50::numeric", { max: 0 }, { kind: "value", value: 12.5 }],
    ["SELECT '7'::text", { max: 0 }, { kind: "value", value: 7 }],
    ["SELECT '1.10'::text", { equals: "1.10" }, { kind: "value", value: "1.10" }],
    ["SELECT 't'::text", { equals: "t" }, { kind: "value", value: "t" }],
    ["SELECT true", { equals: true }, { kind: "value", value: true }],
    ["SELECT 1, 2 UNION ALL SELECT 3, 4 ORDER BY 1", { max: 0 }, { kind: "value", value: 1 }],
    ["SHOW server_version_num", { min: 140000 }, { kind: "value" }],
    ["SELECT 5; -- a comment", { max: 0 }, { kind: "value", value: 5 }],
    ["SELECT at FROM task_errors", { max: 0 }, { kind: "no-data", message: "the query gave no row" }],
    ["SELECT max(at) FROM task_errors", { max: 0 }, { kind: "no-data", message: "the query gave NULL" }],
    ["SELECT max(at) FROM task_errors", { equals: null }, { kind: "value", value: null }],
  ])("reads the first column of the first row: %s for %j", async (query, success, expected) => {
    expect(await measureOnce(gate(query, success))).toMatchObject(expected);
  });

  it("gives the server's time, in UTC", async () => {
    const { at } = await measureOnce(gate("SELECT 0"));
    expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/u);
    const [row] = await database.query(
      "SELECT abs(extract(epoch FROM clock_timestamp() - $1::timestamptz)) < 60 AS near",
      [at],
    );
    expect(row).toEqual({ near: true });
  });

  it("NaN is inconclusive, and an interval is an error that says what it is", async () => {
    const nan = gate("SELECT 'NaN'::float8");
    expect(evaluate(nan, await measureOnce(nan))).toMatchObject({ outcome: "inconclusive" });
    const interval = gate("SELECT interval '5 seconds'");
    expect(evaluate(interval, await measureOnce(interval))).toMatchObject({
      outcome: "error",
      detail: 'max needs a number, and the value is "00:00:05"',
    });
  });

  it.each([
    ["writes", "INSERT INTO task_errors VALUES (now()) RETURNING 0", /read-only transaction/u],
    ["ends its transaction and writes", "COMMIT; INSERT INTO task_errors VALUES (now())", /multiple commands/u],
    ["is no SQL", "SELEC 0", /syntax error/u],
    ["reads what is not there", "SELECT * FROM missing", /"missing" does not exist/u],
  ])("whose query %s is an error, and nothing is written", async (_title, query, message) => {
    expect(await measureOnce(gate(query))).toMatchObject({ kind: "error", message: expect.stringMatching(message) });
    expect(await database.query("SELECT * FROM task_errors")).toEqual([]);
  });

  it("that takes too long is stopped by the server: an error, or a failure where the time was asked about", async () => {
    const count = gate("SELECT count(*) FROM pg_sleep(60)", { max: 0 }, 300);
    const reading = await measureOnce(count);
    expect(reading).toMatchObject({ kind: "no-answer", message: "the query took longer than 300 ms" });
    expect(evaluate(count, reading).outcome).toBe("error");
    expect(evaluate(gate("SELECT 0", { maxMs: 200 }, 300), reading).outcome).toBe("failure");
  });

  it("that somebody else cancels is an error, even for a gate on the time", async () => {
    const client = await connect();
    const measuring = measureSql(client, gate("SELECT pg_sleep(60)", { maxMs: 5_000 }, 30_000));
    await expect.poll(() => signalSleeper("pg_cancel_backend")).toBe(true);
    expect(await measuring).toMatchObject({ kind: "error", message: expect.stringContaining("canceling statement") });
    await client.end();
  });

  it("whose session is lost is an error", async () => {
    const client = await connect();
    const measuring = measureSql(client, gate("SELECT pg_sleep(60)", { max: 0 }, 30_000));
    await expect.poll(() => signalSleeper("pg_terminate_backend")).toBe(true);
    expect(await measuring).toMatchObject({ kind: "error" });
    expect(await measureSql(client, gate("SELECT 0"))).toMatchObject({ kind: "error" });
  });

  it("does not wait for the server after an abort", async () => {
    const client = await connect();
    const abort = new AbortController();
    const measuring = measureSql(client, gate("SELECT pg_sleep(60)", { max: 0 }, 30_000), { signal: abort.signal });
    await expect.poll(sleepers).toBe(1);
    abort.abort();
    expect(await measuring).toMatchObject({ kind: "error", message: "the measurement was cancelled" });
    expect(await sleepers()).toBe(1);
    await signalSleeper("pg_terminate_backend");
  });
});

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: database.url });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

const SLEEPER =
  "datname = current_database() AND pid <> pg_backend_pid() AND state = 'active' AND query LIKE '%pg_sleep%'";

async function sleepers(): Promise<number> {
  return (await database.query(`SELECT pid FROM pg_stat_activity WHERE ${SLEEPER}`)).length;
}

async function signalSleeper(how: "pg_cancel_backend" | "pg_terminate_backend"): Promise<unknown> {
  const [row] = await database.query(`SELECT ${how}(pid) AS done FROM pg_stat_activity WHERE ${SLEEPER}`);
  return row?.["done"];
}
