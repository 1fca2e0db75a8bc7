import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSnapshot } from "../../src/postgres/catalog/read-snapshot.js";
import { trackCatalog } from "../../src/postgres/catalog/tracked-catalog.js";
import { differences } from "../../src/snapshot/difference.js";
import { snapshotOf } from "../../src/snapshot/snapshot.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase("restless");
  await database.query("CREATE SCHEMA a; CREATE TABLE a.rests (id int PRIMARY KEY, n int CHECK (n > 0))");
});

afterAll(() => database.drop());

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  return client;
}

async function comeAndGo(client: pg.Client): Promise<void> {
  await client.query("CREATE TABLE a.t (id int PRIMARY KEY, note text DEFAULT length('x')::text, CHECK (id > 0))");
  await client.query("CREATE FUNCTION a.f(x a.t) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'");
  await client.query("CREATE VIEW a.v AS SELECT a.f(t) AS n, t.* FROM a.t");
  await client.query("CREATE INDEX i ON a.t (length(note)); CREATE POLICY p ON a.t USING (a.f(t.*) > 0)");
  await client.query("ALTER TABLE a.t RENAME id TO number");
  await client.query("DROP TABLE a.t CASCADE");
}

/** Somebody who makes and drops tables with all that hangs on them, one statement after the other, until told to end. */
function restless(): () => Promise<void> {
  const end = new AbortController();
  const work = (async () => {
    const client = await connect();
    while (!end.signal.aborted) {
      try {
        await comeAndGo(client);
      } catch (thrown) {
        // 40P01: the server chose this one to give way to a reader.
        if (!(thrown instanceof pg.DatabaseError) || thrown.code !== "40P01") throw thrown;
        await client.query("DROP TABLE IF EXISTS a.t CASCADE");
      }
    }
    await client.end();
  })();
  return async () => {
    end.abort();
    await work;
  };
}

test("a catalog in which somebody else makes and drops tables all the time is read, and read on", async () => {
  const [full, onward] = [await connect(), await connect()];
  const tracked = trackCatalog(onward);
  const stop = restless();
  for (let look = 0; look < 8; look += 1) {
    const { objects } = await readSnapshot(full);
    await tracked.refresh();
    for (const seen of [objects, Object.fromEntries(tracked.objects)])
      expect(seen["table a.rests"]).toMatchObject({ columns: ["id", "n"] });
  }
  await stop();
  await tracked.refresh();
  const found = snapshotOf(Object.fromEntries(tracked.objects));
  expect(differences(await readSnapshot(full), found)).toEqual([]);
  for (const client of [full, onward]) await client.end();
}, 120_000);

test("a catalog whose reading the server ended to resolve a deadlock is read again", async () => {
  await database.query("CREATE TABLE a.one (id int); CREATE TABLE a.two (id int)");
  await database.query("CREATE VIEW a.of_one AS SELECT id FROM a.one; CREATE VIEW a.of_two AS SELECT id FROM a.two");
  const [reader, other] = [await connect(), await connect()];
  // A process looks for a deadlock once, when it has waited for so long: by then the other one waits too.
  await reader.query("SET deadlock_timeout = '3s'");
  await other.query("SET deadlock_timeout = '60s'; BEGIN; LOCK TABLE a.two IN ACCESS EXCLUSIVE MODE");
  const reading = readSnapshot(reader);
  for (let waits = false; !waits;) {
    const [row] = await database.query("SELECT count(*) > 0 AS waits FROM pg_locks WHERE NOT granted");
    waits = row?.["waits"] === true;
  }
  await other.query("LOCK TABLE a.one IN ACCESS EXCLUSIVE MODE");
  await other.query("COMMIT");
  expect((await reading).objects["view a.of_two"]).toBeDefined();
  for (const client of [reader, other]) await client.end();
});
