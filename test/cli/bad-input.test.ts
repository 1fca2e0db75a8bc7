import { randomUUID } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forDriver } from "../../src/postgres/session/address.js";
import { belay, expectBelay, project, type BelayResult, type TestProject } from "../support/cli.js";
import type { FreshDatabase } from "../support/database.js";
import { serverUrl } from "../support/database.js";
import { addRegion, built, unrehearsed } from "./fixture.js";

const id = "20260101000001_bad";
const up = `migrations/${id}.up.sql`;
const down = "SELECT 1;\n";

/** One sentence and the next step, and nothing of the machine beneath. */
function expectPlain(result: BelayResult): void {
  const said = result.stdout + result.stderr;
  expect(said).not.toMatch(/^\s+at .+:\d+:\d+/m);
  expect(said).not.toMatch(/defect|node:internal|\[object|undefined/);
}

describe("a change that cannot run is found by check, with its place", () => {
  const cases: readonly (readonly [string, string | Buffer, string, string])[] = [
    ["BEGIN and COMMIT", "BEGIN;\nCREATE TABLE a ();\nCOMMIT;\n", "transaction-control", `${up}:1:1: `],
    ["COMMIT after a statement", "CREATE TABLE a ();\n  COMMIT;\n", "transaction-control", `${up}:2:3: `],
    ["a SAVEPOINT", "SAVEPOINT s;", "transaction-control", `${up}:1:1: `],
    ["a command of psql", "CREATE TABLE a ();\n\\i other.sql\n", "sql-psql-command", `${up}:2:1: \\i is a command of psql`],
    ["\\copy", "\\copy a from 'x'\n", "sql-psql-command", `${up}:1:1: \\copy`],
    ["a variable of psql", "SELECT :name;\n", "sql-syntax", `${up}:1:8: `],
    ["COPY FROM STDIN with its rows", "CREATE TABLE a (x int);\nCOPY a FROM STDIN;\n1\n2\n\\.\n", "sql-copy-stdin", `${up}:2:1: `],
    ["COPY FROM STDIN alone", "COPY a FROM STDIN;", "sql-copy-stdin", `${up}:1:1: `],
    ["nothing", "", "change-half-empty", `${up}: `],
    ["white space", " \r\n\t\n", "change-half-empty", `${up}: `],
    ["only comments", "-- nothing\n/* at all */\n", "change-half-empty", `${up}: `],
    ["a syntax error", "CREATE TABLE a ();\nALTER TABEL a ADD x int;\n", "sql-syntax", `${up}:2:7: `],
    ["a syntax error after multi-byte text", "SELECT 'Grüße 🐘🐘', FROM x;\n", "sql-syntax", `${up}:1:20: `],
    ["a syntax error after a byte order mark", "\uFEFFSELEC 1;\n", "sql-syntax", `${up}:1:1: `],
    ["a syntax error after CRLF", "SELECT 1;\r\n  SELEC 2;\r\n", "sql-syntax", `${up}:2:3: `],
    ["an unterminated quote", "SELECT 1;\nSELECT 'open;\n", "sql-syntax", `${up}:2:8: unterminated quoted string`],
    ["an unterminated dollar quote", "DO $a$ BEGIN $b$;\n", "sql-syntax", `${up}:1:4: unterminated dollar-quoted string`],
    ["an unterminated identifier", 'SELECT "open;\n', "sql-syntax", `${up}:1:8: unterminated quoted identifier`],
    ["an unterminated comment", "SELECT 1; /* open\n", "sql-syntax", `${up}:1:11: unterminated /* comment`],
    ["a NUL character", "SELECT 1;\nSELECT '\0';\n", "sql-syntax", `${up}:2:9: a NUL character`],
    ["bytes that are not UTF-8", Buffer.from("SELECT 1;\nSELECT 'Gr\xfc\xdfe';\n", "latin1"), "change-unreadable", `${up}:2:11: `],
    ["UTF-16", Buffer.from("\uFEFFSELECT 1;", "utf16le"), "change-unreadable", `${up}:1:1: `],
    ["an unknown directive", "-- belay:transactoin off\nSELECT 1;\n", "directive-unknown", up],
    ["an index that is built concurrently without a name", "SELECT 'Grüße';  CREATE INDEX CONCURRENTLY ON tasks (state);\n", "index-unnamed", `${up}:1:18: `],
    ["the same, as it is written", "CREATE INDEX ON tasks (id);\n-- belay:as-written\n  CREATE UNIQUE INDEX CONCURRENTLY ON ONLY tasks (state);\n", "index-unnamed", `${up}:3:3: `],
    ["a directive that nothing follows", "SELECT 1;\n-- belay:batch\n", "sql-directive-misplaced", `${up}:2:1: `],
  ]; // prettier-ignore

  it.each(cases)("%s", async (_, text, rule, place) => {
    const made = await project({ [`migrations/${id}.down.sql`]: down, [up]: "" }, { targets: [] });
    await writeFile(join(made.root, up), text);
    const result = await expectBelay(made, 7, ["check", "--json"]);
    const findings: { rule: string; message: string; file: string; fix?: string }[] = result.json().findings;
    expect(findings.map((finding) => finding.rule)).toEqual([rule]);
    expect(findings[0]?.message.slice(0, place.length)).toBe(place);
    expect(findings[0]?.file).toBe(up);
    expect(findings[0]?.fix).toBeTruthy();
    expectPlain(result);
    for (const command of ["rollout"]) {
      const refused = await belay(made, [command, "--json"]);
      expect([2, 3]).toContain(refused.exitCode);
      expect(refused.json().error.message.slice(0, place.length)).toBe(place);
      expect(refused.json().error.hint).toBeTruthy();
      expectPlain(refused);
    }
  });
});

describe("an index that is built concurrently without a name", () => {
  const unnamed = "CREATE INDEX CONCURRENTLY ON tasks (state);\n";

  it("is refused on the way back too, and by a build", async () => {
    const made = await project({ [up]: "DROP INDEX tasks_state_idx;", [`migrations/${id}.down.sql`]: `\n${unnamed}` }, { targets: [] });
    const place = `migrations/${id}.down.sql`;
    const { findings } = (await expectBelay(made, 7, ["check", "--json"])).json();
    expect(findings).toMatchObject([{ rule: "index-unnamed", file: place, line: 2, fix: expect.stringContaining("Give it a name") }]);
    const { error } = (await expectBelay(made, 3, ["build", "--json"])).json();
    expect(error).toMatchObject({ code: "index-unnamed", message: expect.stringContaining(`${place}:2:1: `) });
  });

  it("is refused in a knex migration, by its file", async () => {
    const file = `migrations/${id}.mjs`;
    const text = `export const config = { transaction: false };
      export const up = (knex) => knex.raw("${unnamed.trim()}");
      export const down = (knex) => knex.raw("DROP INDEX tasks_state_idx");`;
    const made = await project({ [file]: text }, { targets: [] });
    const { findings } = (await expectBelay(made, 7, ["check", "--json"])).json();
    expect(findings).toMatchObject([{ rule: "index-unnamed", file, line: null }]);
  });
}); // prettier-ignore

describe("a target that cannot be worked on is refused in one sentence, with the next step, and its password nowhere", () => {
  const password = `p@s s:/?#%${randomUUID()}`;
  const role = `belay_test_${randomUUID().slice(0, 8)}`;
  let made: TestProject;
  let database: FreshDatabase;
  let silent: Server;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    made = await built(addRegion, { targets: ["main"] });
    database = made.database("main");
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
    silent = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  });

  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    silent.close();
    await database.query(`DROP OWNED BY ${role} CASCADE`);
    await database.query(`DROP ROLE ${role}`);
  });

  function urlWith(change: (url: URL) => void): string {
    const url = new URL(database.url);
    [url.username, url.password] = [role, encodeURIComponent(password)];
    change(url);
    return url.href;
  }

  async function refusal(
    url: string,
    exitCode: number,
    args: readonly string[] = ["rollout"],
    env = {},
  ): Promise<{ code: string; message: string; hint: string }> {
    await made.configure({ ...unrehearsed, targets: { main: { url } }, stages: [{ name: "main", targets: ["main"] }] });
    const result = await expectBelay(made, exitCode, [...args, "--json"], { env });
    const { error } = result.json();
    expectPlain(result);
    expect(result.stdout + result.stderr).not.toContain(password);
    expect(result.stdout + result.stderr).not.toContain(encodeURIComponent(password));
    expect(error.message.split("\n")).toHaveLength(1);
    expect(error.hint).toBeTruthy();
    return error;
  }

  async function isUntouched(): Promise<boolean> {
    const [row] = await database.query("SELECT to_regnamespace('belay') IS NULL AS untouched");
    return row?.["untouched"] === true;
  }

  const port = (): number => (silent.address() as { port: number }).port;
  it.each<[string, (url: URL) => void, number, string]>([
    ["a wrong password", (url) => (url.password = `x${encodeURIComponent(password)}`), 2, "login-refused"],
    ["a role that is not there", (url) => (url.username = "no_such_role"), 2, "login-refused"],
    ["a port where nothing listens", (url) => (url.port = "1"), 2, "server-unreachable"],
    ["a host whose name is unknown", (url) => (url.hostname = "no-such-host.invalid"), 2, "host-unknown"],
    ["TLS that the server does not speak", (url) => url.searchParams.set("sslmode", "require"), 2, "tls-refused"],
    ["an sslmode that nobody knows", (url) => url.searchParams.set("sslmode", "maybe"), 2, "url-invalid"],
    ["a database that is missing", (url) => (url.pathname = "/no_such"), 2, "database-missing"],
    ["no database", (url) => (url.pathname = "/"), 2, "config-invalid"],
    ["a role that may make no ledger", () => undefined, 3, "rights-missing"],
  ])("%s", async (_, change, exitCode, code) => {
    for (const command of code === "rights-missing" ? ["rollout"] : ["rollout", "plan"]) {
      expect(await refusal(urlWith(change), exitCode, [command])).toMatchObject({ code });
    }
    expect(await isUntouched()).toBe(true);
  });

  it("a host that does not answer", async () => {
    const silence = urlWith((url) => (url.host = `127.0.0.1:${port()}`));
    // Both only wait.
    const both = await Promise.all(["rollout", "plan"].map((command) => refusal(silence, 2, [command])));
    expect(both).toMatchObject([{ code: "server-unreachable" }, { code: "server-unreachable" }]);
    expect(await isUntouched()).toBe(true);
  });

  it.each([
    ["a port that is no number", "postgres://u:p@localhost:port/db"],
    ["a port that is too large", "postgres://u:p@localhost:99999/db"],
    ["another scheme", "mysql://u:p@localhost/db"],
    ["no scheme", "localhost/db"],
    ["a stray percent", "postgres://u:p%zz@localhost/db"],
    ["a name of the sandbox that is none", "embedded:"],
  ])("a url with %s", async (_, url) => {
    expect((await refusal(url, 2)).code).toMatch(/config-invalid|url-invalid/);
  });

  it("a url whose ${NAME} is not in the environment", async () => {
    const error = await refusal("postgres://u:${NO_SUCH_SECRET}@localhost/db", 2);
    expect(error).toMatchObject({ code: "config-invalid", message: expect.stringContaining("NO_SUCH_SECRET") });
  });

  it("a password from the environment with every special character leads in, as it is and encoded", async () => {
    const env = { MAIN_PASSWORD: encodeURIComponent(password) };
    const url = urlWith((given) => (given.password = "")).replace(`${role}@`, `${role}:\${MAIN_PASSWORD}@`);
    expect(await refusal(url, 3, ["rollout"], env)).toMatchObject({ code: "rights-missing" });
  });

  it("a role without rights to the table, or to the ledger that another role made", async () => {
    await database.query(`GRANT CREATE ON DATABASE ${database.name} TO ${role}`);
    expect(await refusal(urlWith(() => undefined), 3)).toMatchObject({ code: "rights-missing", message: expect.stringContaining("does not own tasks") }); // prettier-ignore
    expect(await isUntouched()).toBe(true);
    await database.query("CREATE SCHEMA belay; CREATE TABLE belay.journal ()");
    const error = await refusal(
      urlWith(() => undefined),
      3,
    );
    expect(error).toMatchObject({ code: "rights-missing", message: expect.stringContaining("may not use the ledger") });
    await database.query(`DROP SCHEMA belay CASCADE; REVOKE CREATE ON DATABASE ${database.name} FROM ${role}`);
  });

  it("a role whose sessions are read-only", async () => {
    await database.query(`ALTER DATABASE ${database.name} SET default_transaction_read_only = on`);
    const writer = new Client({ connectionString: serverUrl() });
    await writer.connect();
    try {
      expect(await refusal(database.url, 3)).toMatchObject({ code: "read-only" });
    } finally {
      await writer.query(`ALTER DATABASE ${database.name} RESET default_transaction_read_only`);
      await writer.end();
    }
    expect(await isUntouched()).toBe(true);
  });

  it("a role whose connections are all taken", async () => {
    await database.query(`ALTER ROLE ${role} CONNECTION LIMIT 1`);
    const taken = new Client({ connectionString: urlWith(() => undefined) });
    await taken.connect();
    try {
      expect(
        await refusal(
          urlWith(() => undefined),
          2,
        ),
      ).toMatchObject({ code: "connections-exhausted" });
    } finally {
      await taken.end();
      await database.query(`ALTER ROLE ${role} CONNECTION LIMIT -1`);
    }
  });

  it("but not a database whose name needs encoding", async () => {
    const name = `a/b@c:d & e%41 "ü" ${randomUUID().slice(0, 8)}`;
    await database.query(`CREATE DATABASE ${database.client.escapeIdentifier(name)}`);
    try {
      const url = serverUrl(name);
      const client = new Client({ connectionString: forDriver(url) });
      await client.connect();
      await client.query("CREATE TABLE tasks (id int)");
      await client.end();
      await made.configure({
        ...unrehearsed,
        targets: { main: { url } },
        stages: [{ name: "main", targets: ["main"] }],
      });
      expect((await expectBelay(made, 0, ["plan", "--json"])).json().plan.targets[0].database).toBe(name);
      await expectBelay(made, 0, ["rollout", "--yes"]);
      await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    } finally {
      await database.query(`DROP DATABASE ${database.client.escapeIdentifier(name)} WITH (FORCE)`);
    }
  });
});
