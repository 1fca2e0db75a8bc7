import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSnapshot } from "../../src/postgres/catalog/read-snapshot.js";
import { differences } from "../../src/snapshot/difference.js";
import { type Snapshot, fingerprint } from "../../src/snapshot/snapshot.js";
import { type FreshDatabase, freshDatabase } from "../support/database.js";

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase("canonical");
  await database.query("create schema app");
});
afterAll(() => database.drop());

/** The snapshot after the statements, which are taken back afterwards. */
async function snapshotAfter(...statements: readonly string[]): Promise<Snapshot> {
  await database.query("begin");
  try {
    for (const statement of statements) await database.query(statement);
    return await readSnapshot(database.client);
  } finally {
    await database.query("rollback");
  }
}

const roles = "create role canonical_anna; create role canonical_bob; create table app.t (a int, b text, c int)";

const independent = [
  "grant select on app.t to canonical_anna",
  "grant insert on app.t to canonical_bob",
  "grant select (a) on app.t to canonical_anna",
  "grant update (a) on app.t to canonical_bob",
  "alter table app.t set (fillfactor = 70)",
  "alter table app.t set (autovacuum_enabled = false)",
  "create index t_b on app.t (b)",
  "create index t_c on app.t (c)",
  "alter table app.t add constraint c1 check (a > 0)",
  "alter table app.t add constraint c2 check (c > 0)",
  "create table app.u (x int primary key)",
  "create view app.v as select 1 as one",
  "create function app.f() returns int language sql as 'select 1'",
  "create function app.f(int) returns int language sql as 'select 1'",
  "create type app.mood as enum ('a', 'b')",
  "create policy p1 on app.t to canonical_anna, canonical_bob using (true)",
  "create publication feed for table app.t",
  "comment on table app.t is 'x'",
  "create sequence app.s",
];

test("independent statements give the same fingerprint in any order", async () => {
  const expected = await snapshotAfter(roles, ...independent);
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(independent, { minLength: independent.length }), async (shuffled) => {
      const found = await snapshotAfter(roles, ...shuffled);
      expect(differences(expected, found)).toEqual([]);
      expect(fingerprint(found)).toBe(fingerprint(expected));
    }),
    { numRuns: 12 },
  );
}, 180_000);

const pairs: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    "columns that were dropped leave no trace",
    ["create table app.t (gone int, a int, gone2 text, b int); alter table app.t drop gone, drop gone2"],
    ["create table app.t (a int, b int)"],
  ],
  [
    "objects that were dropped and made anew have no other fingerprint",
    ["create table app.t (a int); create view app.v as select a from app.t"],
    [
      "create table app.x (); create view app.v as select 1 as b; drop table app.x; drop view app.v",
      "create table app.t (a int); create view app.v as select a from app.t",
    ],
  ],
  [
    "the order of the roles of a policy does not matter",
    [roles, "create policy p on app.t to canonical_anna, canonical_bob"],
    [roles, "create policy p on app.t to canonical_bob, canonical_anna"],
  ],
  [
    "the order in which privileges were given does not matter",
    [roles, "grant select on app.t to canonical_anna, canonical_bob"],
    [roles, "grant select on app.t to canonical_bob; grant select on app.t to canonical_anna"],
  ],
  [
    "an access list that spells out the defaults says the same as none",
    [roles],
    [roles, "grant select on app.t to canonical_anna; revoke select on app.t from canonical_anna"],
  ],
  [
    "the order of storage options does not matter",
    ["create table app.t () with (fillfactor = 70, autovacuum_enabled = false)"],
    ["create table app.t () with (autovacuum_enabled = false, fillfactor = 70)"],
  ],
  [
    "the position of a sequence is data",
    ["create sequence app.s"],
    ["create sequence app.s; select setval('app.s', 42)"],
  ],
  [
    "the order of the tables of a publication does not matter",
    ["create table app.a (); create table app.b (); create publication p for table app.a, app.b"],
    ["create table app.b (); create table app.a (); create publication p for table app.b, app.a"],
  ],
];

test.for(pairs)("%s", async ([, one, other]) => {
  expect(differences(await snapshotAfter(...one), await snapshotAfter(...other))).toEqual([]);
});

test("a table that was renamed, and a column that was renamed, keep a NOT NULL without a name", async () => {
  const plain = await snapshotAfter("create table app.t (a int not null)");
  const renamedTable = "create table app.x (a int not null); alter table app.x rename to t";
  const renamedColumn = "create table app.t (z int not null); alter table app.t rename z to a";
  expect(differences(plain, await snapshotAfter(renamedTable))).toEqual([]);
  expect(differences(plain, await snapshotAfter(renamedColumn))).toEqual([]);
});

const hidden: readonly (readonly [string, string])[] = [
  [
    "Belay's own schemas",
    "create schema belay; create table belay.entry (a int); create schema belay_kept; create table belay_kept.t ()",
  ],
  [
    "default privileges in them",
    "create schema belay; alter default privileges in schema belay grant select on tables to public",
  ],
  [
    "event triggers of theirs",
    `create schema belay; create function belay.f() returns event_trigger language plpgsql as 'begin end';
     create event trigger e on ddl_command_end execute function belay.f()`,
  ],
  ["what belongs to an extension, beside the extension", "create extension hstore"],
  ["temporary tables", "create temporary table t (a int)"],
  ["large objects", "select lo_create(0)"],
];

test.for(hidden)("the snapshot does not hold %s", async ([, statement]) => {
  const objects = differences(await snapshotAfter(), await snapshotAfter(statement)).map(({ object }) => object);
  expect(objects).toEqual(statement.includes("hstore") ? ["extension hstore"] : []);
});

test("further schemas can be left out by name", async () => {
  await database.query("begin; create table app.t (a int)");
  const snapshot = await readSnapshot(database.client, { excludeSchemas: ["app"] });
  expect(Object.keys(snapshot.objects).filter((key) => key.includes("app"))).toEqual([]);
  await database.query("rollback");
});

test("options that may be secret never leave the server", async () => {
  const snapshot = await snapshotAfter(
    "create foreign data wrapper w; create server s foreign data wrapper w",
    "create user mapping for public server s options (user 'u', password 'hunter2')",
  );
  expect(JSON.stringify(snapshot)).not.toContain("hunter2");
  expect(snapshot.objects["user mapping public.s"]).toEqual({ options: { user: "u", password: "(not shown)" } });
});

test("reading leaves the session's settings and its transaction as they were", async () => {
  const settings = "select current_setting('search_path') as path, current_setting('DateStyle') as style";
  await database.query("set search_path = app, public; set datestyle = 'German'");
  await readSnapshot(database.client);
  expect(await database.query(settings)).toEqual([{ path: "app, public", style: "German, DMY" }]);
  expect(database.client.getTransactionStatus()).toBe("I");
  await database.query("begin; set local search_path = pg_catalog");
  await readSnapshot(database.client);
  expect(await database.query(settings)).toEqual([{ path: "pg_catalog", style: "German, DMY" }]);
  expect(database.client.getTransactionStatus()).toBe("T");
  await database.query("rollback; reset all");
});

test("the session's settings do not change the snapshot", async () => {
  const statements = [
    `create table app.t (a timestamptz default '2020-01-02 03:04:05+00', b interval default '1 day', c bytea default '\\x00ff', d float8 default 0.1)`,
  ];
  const plain = await snapshotAfter(...statements);
  const settings =
    "set local timezone = 'Asia/Tokyo'; set local datestyle = 'German'; set local intervalstyle = 'iso_8601'; set local bytea_output = 'escape'; set local search_path = app; set local quote_all_identifiers = on; set local extra_float_digits = 0";
  expect(differences(plain, await snapshotAfter(...statements, settings))).toEqual([]);
});

test("a role without any rights reads the same snapshot", async () => {
  await database.query(
    "create table app.t (id bigint generated always as identity, b text); create view app.v as select * from app.t",
  );
  const expected = fingerprint(await readSnapshot(database.client));
  await database.query("begin; create role canonical_nobody; set local role canonical_nobody");
  const found = fingerprint(await readSnapshot(database.client));
  await database.query("rollback; drop table app.t cascade");
  expect(found).toBe(expected);
});
