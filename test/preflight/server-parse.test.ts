import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseOnServer } from "../../src/postgres/preflight/server-parse.js";
import { openSession, type Session } from "../../src/postgres/session/session.js";
import { demandsOf, type Demand } from "../../src/preflight/demand.js";
import { parseStatements } from "../../src/sql/parse.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";

let database: FreshDatabase;
let session: Session;

beforeAll(async () => {
  database = await freshDatabase("parse");
  session = await openSession(database.url, { applicationName: "test" });
});

afterAll(async () => {
  await session.close();
  await database.drop();
});

async function demands(text: string, file = "migrations/x.up.sql"): Promise<readonly Demand[]> {
  return demandsOf(await parseStatements(text, file), { file, direction: "up", placed: true });
}

/** A statement that this server does not know, where `text` stands in the file. */
async function unknown(text: string, sql: string): Promise<readonly Demand[]> {
  return (await demands(text)).map((demand) => (demand.sql.startsWith("SELECT 'here'") ? { ...demand, sql } : demand));
}

describe("the server's own parser", () => {
  it("takes what it knows, without running any of it and without asking for what is not there yet", async () => {
    const text = `CREATE TABLE made (id int); INSERT INTO nowhere (a) VALUES (1, 2); UPDATE no_table SET x = 1; CREATE VIEW v AS SELECT * FROM nothing;
      CREATE INDEX CONCURRENTLY i ON nothing (x); VACUUM; DO $$ BEGIN RAISE EXCEPTION 'ran'; END $$;`;
    expect(await parseOnServer(session, await demands(text))).toEqual([]);
    expect(await database.query("SELECT to_regclass('made') AS made")).toEqual([{ made: null }]);
  });

  it("names the place of what it does not know in the file, counted in characters, also after multi-byte text", async () => {
    const text = "-- Grüße 🐘\nCREATE TABLE a ();\n/* 🐘🐘 */ SELECT 'here';\nDROP TABLE a;\n";
    const found = await parseOnServer(session, await unknown(text, "SELECT '🐘',\n  '🐘' FROBNICATE TABLE"));
    expect(found.map(({ place, message }) => [place, message])).toEqual([
      ["migrations/x.up.sql:4:18", 'syntax error at or near "TABLE"'],
    ]);
    const [first] = await parseOnServer(session, await unknown(text, "FROBNICATE"));
    expect(first?.place).toBe("migrations/x.up.sql:3:10");
  });

  it("names each of several", async () => {
    const list = (await demands("SELECT 1; SELECT 2; SELECT 3; SELECT 4;")).map((demand, index) =>
      index % 2 === 0 ? { ...demand, sql: `FROB ${index}` } : demand,
    );
    expect((await parseOnServer(session, list)).map(({ place }) => place)).toEqual([
      "migrations/x.up.sql:1:1",
      "migrations/x.up.sql:1:21",
    ]);
  });

  it("says that the connection is lost where it is", async () => {
    const other = await openSession(database.url, { applicationName: "test-lost" });
    await database.query("SELECT pg_terminate_backend($1)", [other.pid]);
    await expect(parseOnServer(other, await demands("SELECT 1;"))).rejects.toThrow(
      /terminat|closed|queryable|EPIPE|ECONNRESET/,
    );
    await other.close().catch(() => undefined);
  });
});
