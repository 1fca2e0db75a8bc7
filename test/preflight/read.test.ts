import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freeDisk } from "../../src/postgres/preflight/free-disk.js";
import { readActivity } from "../../src/postgres/preflight/read-activity.js";
import { readObjects } from "../../src/postgres/preflight/read-objects.js";
import { readServer } from "../../src/postgres/preflight/read-server.js";
import { readSizes } from "../../src/postgres/preflight/read-sizes.js";
import { withSession } from "../../src/postgres/session/session.js";
import { demandsOf } from "../../src/preflight/demand.js";
import { wantedBy } from "../../src/preflight/wanted.js";
import { parseStatements } from "../../src/sql/parse.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";

const role = `belay_test_${randomUUID().slice(0, 8)}`;
let database: FreshDatabase;
let poorUrl: string;

beforeAll(async () => {
  database = await freshDatabase("read");
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'poor'`);
  await database.query(`CREATE SCHEMA hidden; CREATE TABLE hidden.t (id int); CREATE TABLE tasks (id bigint PRIMARY KEY, note text NOT NULL);
    CREATE TYPE mood AS ENUM ('good'); GRANT SELECT, TRIGGER ON tasks TO ${role}; ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
    INSERT INTO tasks SELECT n, repeat('x', 1000) FROM generate_series(1, 1000) n;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO ${role}`);
  const url = new URL(database.url);
  url.username = role;
  url.password = "poor";
  poorUrl = url.href;
});

afterAll(async () => {
  await database.query(`DROP OWNED BY ${role} CASCADE`);
  await database.query(`DROP ROLE ${role}`);
  await database.drop();
});

const settings = { applicationName: "test" };

async function wanted(sql: string): Promise<ReturnType<typeof wantedBy>> {
  return wantedBy(demandsOf(await parseStatements(sql), { file: "x", direction: "up", placed: true }));
}

describe("what is read of a server", () => {
  it("names the database so that no other has the same name, and the role with its standing", async () => {
    const facts = await withSession(database.url, settings, (session) => readServer(session, "public, hidden"));
    expect(facts).toMatchObject({
      database: database.name,
      superuser: true,
      inRecovery: false,
      readOnly: false,
      encoding: "UTF8",
      schemas: expect.arrayContaining(["public", "hidden"]),
      ledger: { there: false, usable: false },
      defaultPrivileges: [expect.stringContaining(role)],
    });
    expect(facts.systemIdentifier).toMatch(/^\d+$/);
    expect(facts.major).toBeGreaterThanOrEqual(14);
  });

  it("says what a role may not know instead of failing", async () => {
    await database.query("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
    const facts = await withSession(poorUrl, settings, (session) => readServer(session, "public, hidden"));
    expect(facts).toMatchObject({
      systemIdentifier: null,
      dataDirectory: null,
      superuser: false,
      role,
      schemas: ["public"],
      mayCreateInDatabase: false,
    });
  });
});

describe("what is read of the objects that statements name", () => {
  const statements = `ALTER TABLE tasks ADD COLUMN m mood; SELECT * FROM hidden.t; CREATE TABLE x (c citext DEFAULT no_such_function());
    CREATE EXTENSION pg_stat_statements; CREATE EXTENSION no_such_extension; DROP INDEX tasks_pkey; SELECT lower('X'); CREATE TABLE hidden.y ();`;

  it("is the rights of the role, the shape, and what is missing, in one statement", async () => {
    const [found, poor] = await Promise.all(
      [database.url, poorUrl].map((url) =>
        withSession(url, settings, async (session) => readObjects(session, await wanted(statements))),
      ),
    );
    const tasks = poor?.relations.find(({ name }) => name === "tasks");
    expect(tasks).toMatchObject({ rights: ["SELECT", "TRIGGER"], schemaCreate: false, rowSecurity: true });
    expect(tasks?.columns).toEqual([
      { name: "id", type: "bigint", notNull: true },
      { name: "note", type: "text", notNull: true },
    ]);
    expect(found?.relations.find(({ name }) => name === "tasks")?.rights).toContain("owner");
    const index = found?.relations.find(({ name }) => name === "tasks_pkey");
    expect(index).toMatchObject({ kind: "i", tableOid: tasks?.oid });
    expect(found?.relations.find(({ name }) => name === "hidden.t")?.rights).toContain("SELECT");
    const there = Object.fromEntries(
      (found?.objects ?? []).map(({ kind, name, there: is }) => [`${kind} ${name}`, is]),
    );
    expect(there).toMatchObject({
      "type mood": true,
      "type citext": false,
      "function lower": true,
      "function no_such_function": false,
      "schema hidden": true,
    });
    const extension = (name: string): unknown =>
      poor?.objects.find((object) => object.kind === "extension" && object.name === name);
    expect(extension("no_such_extension")).toMatchObject({ there: false, usable: false });
    expect(extension("pg_stat_statements")).toMatchObject({ there: false, usable: true, owned: false });
  });
});

describe("what is read of sizes and activity", () => {
  it("is exact, and an estimate where somebody holds the table, without waiting for that", async () => {
    await database.query("ANALYZE tasks");
    const [{ oid } = { oid: 0 }] = await database.query<{ oid: number }>("SELECT 'tasks'::regclass::oid::int AS oid");
    await withSession(database.url, settings, async (session) => {
      const [free] = await readSizes(session, [oid]);
      expect(free).toMatchObject({ exact: true, tablespace: null });
      expect(free?.totalBytes).toBeGreaterThan(free?.heapBytes ?? 0);
      await database.query("BEGIN; LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE");
      const [held] = await readSizes(session, [oid]);
      await database.query("ROLLBACK");
      expect(held?.exact).toBe(false);
      expect(held?.heapBytes).toBeGreaterThan(0);
      const server = await readServer(session, "public");
      const sizes = [{ oid, heapBytes: 0, totalBytes: 0, exact: true, tablespace: null }];
      const disk = await freeDisk(database.url, server, sizes);
      expect(disk[""]).toBeGreaterThan(0);
      const elsewhere = await freeDisk(database.url, { ...server, startedAt: "1" }, sizes);
      expect(elsewhere).toEqual({});
    });
  });

  it("is nothing where nothing goes on", async () => {
    await withSession(poorUrl, settings, async (session) => {
      expect(await readActivity(session, [1])).toMatchObject({ prepared: [], vacuums: [] });
    });
  });
});
