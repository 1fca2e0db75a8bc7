import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTarget } from "../../src/postgres/session/open-target.js";
import { build, pair } from "../cli/fixture.js";
import { expectBelay, project, type TestProject } from "../support/cli.js";
import { connect, startServer, type CrashServer } from "../world/server.js";
import { commands, directions, journey } from "./journey.js";

/** What a database or a role may have set for its application. */
const theirs = {
  synchronous_commit: "off",
  search_path: "elsewhere",
  TimeZone: "Pacific/Auckland",
  lock_timeout: "1ms",
  statement_timeout: "90s",
  idle_in_transaction_session_timeout: "90s",
  idle_session_timeout: "90s",
  client_min_messages: "debug1",
  row_security: "off",
  default_transaction_isolation: "serializable",
  default_transaction_deferrable: "on",
  DateStyle: "SQL, DMY",
  IntervalStyle: "sql_standard",
  standard_conforming_strings: "off",
  check_function_bodies: "off",
  client_connection_check_interval: "0",
};

/** What it is in our sessions all the same. */
const ours: Readonly<Record<string, string | RegExp>> = {
  synchronous_commit: "on",
  search_path: "public",
  TimeZone: "UTC",
  statement_timeout: "0",
  // Ten minutes, or what is left of the time for which a transaction may hold a strong lock.
  idle_in_transaction_session_timeout: /^(600000|[1-9]\d{0,4})$/,
  idle_session_timeout: "0",
  client_min_messages: "warning",
  row_security: "on",
  default_transaction_isolation: "read committed",
  transaction_isolation: "read committed",
  default_transaction_deferrable: "off",
  DateStyle: "ISO, MDY",
  IntervalStyle: "postgres",
  standard_conforming_strings: "on",
  check_function_bodies: "on",
  client_connection_check_interval: "1000",
};

/** Whoever writes an entry, and whoever runs a change, has its settings written down. */
const witness = `
  CREATE TABLE witness (who text, name text, setting text);
  CREATE FUNCTION testify(who text) RETURNS void LANGUAGE sql AS
    $f$ INSERT INTO public.witness SELECT who, name, setting FROM pg_settings $f$;
  CREATE FUNCTION hear_entry() RETURNS trigger LANGUAGE plpgsql AS
    $f$ BEGIN PERFORM public.testify('entry ' || NEW.kind); RETURN NULL; END $f$;
  CREATE TRIGGER hear_entry AFTER INSERT ON belay.journal FOR EACH ROW EXECUTE FUNCTION hear_entry();
`;

const files = {
  ...pair(
    "20260101000100_sql",
    "CREATE TABLE by_sql (id int); SELECT testify('sql up');",
    "SELECT testify('sql down'); DROP TABLE by_sql;",
  ),
  "migrations/20260101000200_knex.ts": `
    export const up = async (knex) => { await knex.raw("CREATE TABLE by_knex (id int)"); await knex.raw("SELECT testify('knex up')"); };
    export const down = async (knex) => { await knex.raw("DO $f$ BEGIN PERFORM testify('knex down'); END $f$"); await knex.raw("DROP TABLE by_knex"); };`,
};

describe("D4: the server crashes right after COMMIT, in a database whose settings forget it", () => {
  let server: CrashServer;
  let client: Client;
  let made: TestProject;

  beforeAll(async () => {
    server = await startServer();
    const postgres = await server.connect("postgres");
    await postgres.query("CREATE DATABASE forgetful");
    await postgres.query("CREATE ROLE app SUPERUSER LOGIN");
    const url = server.url("forgetful");
    const settings = { name: "main", searchPath: "public", actor: "test", rollout: null, operatorPatienceMs: 1_000 };
    await (await openTarget({ ...settings, url, note: () => undefined })).close();
    client = await connect(url);
    await client.query(witness);
    for (const [name, value] of Object.entries(theirs)) {
      await postgres.query(`ALTER DATABASE forgetful SET ${name} = ${value.includes(",") ? value : `'${value}'`}`);
      await postgres.query(
        `ALTER ROLE postgres IN DATABASE forgetful SET ${name} = ${value.includes(",") ? value : `'${value}'`}`,
      );
    }
    await postgres.end();
    made = await project(files, { targets: [] });
    await made.configure({
      targets: { main: { url } },
      stages: [{ name: "main", targets: ["main"] }],
      policy: { rehearsal: { required: false } },
    });
    await build(made);
  }, 120_000);
  afterAll(() => server.remove());

  async function tables(): Promise<readonly unknown[]> {
    const { rows } = await client.query(
      "SELECT relname FROM pg_class WHERE relname IN ('by_sql', 'by_knex') ORDER BY 1",
    );
    return rows.map(({ relname }) => relname);
  }

  async function crash(): Promise<void> {
    await server.crash();
    client = await server.connect("forgetful");
  }

  it("what was reported as done is there after the crash, there and back", async () => {
    await expectBelay(made, 0, ["rollout", "--yes"]);
    await crash();
    expect(await tables()).toEqual(["by_knex", "by_sql"]);
    await expectBelay(made, 0, ["revert", "knex", "sql", "--yes"]);
    await crash();
    expect(await tables()).toEqual([]);
    const { rows } = await client.query("SELECT id FROM belay.applied");
    expect(rows).toEqual([]);
  });

  it.each(Object.entries(ours))("in each of our sessions %s is %s", async (name, expected) => {
    const { rows } = await client.query<{ who: string; setting: string }>(
      "SELECT who, setting FROM public.witness WHERE name = $1",
      [name],
    );
    const who = new Set(rows.map((row) => row.who));
    for (const one of [
      "sql up",
      "sql down",
      "knex up",
      "knex down",
      "entry applied",
      "entry reverted",
      "entry rollout-ended",
    ])
      expect(who).toContain(one);
    // The ledger's functions have a search path of their own.
    const heard = rows.filter((row) => name !== "search_path" || !row.who.startsWith("entry"));
    const fits = (setting: string): boolean =>
      typeof expected === "string" ? setting === expected : expected.test(setting);
    expect(heard.filter(({ setting }) => !fits(setting))).toEqual([]);
  });

  it("each of our sessions says what it is", async () => {
    const { rows } = await client.query("SELECT DISTINCT setting FROM public.witness WHERE name = 'application_name'");
    for (const { setting } of rows) expect(setting).toMatch(/^belay\//);
  });

  it.each(directions)(
    "a database that is read-only by a setting is refused, and nothing is touched: %s",
    async (direction) => {
      const at = await journey(direction, { up: "CREATE TABLE one (id int);", down: "DROP TABLE one;" });
      await at.database.query(`ALTER DATABASE ${at.database.name} SET default_transaction_read_only = on`);
      const { stderr } = await expectBelay(at.made, 3, commands[direction]);
      expect(stderr).toMatch(/read-only/);
      expect(stderr).toMatch(/RESET default_transaction_read_only/);
    },
  );
});
