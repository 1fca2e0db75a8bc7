import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSnapshot } from "../../src/postgres/catalog/read-snapshot.js";
import { describeDifference, differences } from "../../src/snapshot/difference.js";
import type { Snapshot } from "../../src/snapshot/snapshot.js";
import { inverseOf, type Inverse } from "../../src/sql/inverse.js";
import { parseStatements } from "../../src/sql/parse.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { fixture } from "./fixture.js";

let database: FreshDatabase;
/** As the test before has left it: what it leaves is what its way back has to answer for. */
let catalog: Snapshot;

beforeAll(async () => {
  database = await freshDatabase("inverse");
  await database.client.query(fixture);
  catalog = await readSnapshot(database.client);
});

afterAll(async () => {
  await database.drop();
});

async function inverse(text: string): Promise<Inverse> {
  const statements = await parseStatements(text);
  expect(statements).toHaveLength(1);
  return statements.map(inverseOf)[0] as Inverse;
}

/** What differs from the catalog before, after the statement and its way back have run. */
async function leftBy(text: string, { sql }: { readonly sql: readonly string[] }): Promise<readonly string[]> {
  const before = catalog;
  await database.client.query(text);
  const between = await readSnapshot(database.client);
  expect(differences(before, between)).not.toEqual([]);
  for (const statement of sql) await database.client.query(statement);
  catalog = await readSnapshot(database.client);
  return differences(before, catalog).map(describeDifference);
}

describe("the way back leaves the catalog of a real server as it was before", () => {
  test.each([
    ["create table made (id serial primary key, up int references made, \"Odd\" text default 'x')", "DROP TABLE made"],
    ['create table app."select" (id int)', 'DROP TABLE app."select"'],
    ["create table made as select * from child", "DROP TABLE made"],
    ["select * into made from child", "DROP TABLE made"],
    ["create table made partition of measure for values from ('2022-01-01') to ('2023-01-01')", "DROP TABLE made"],
    ["create view made as select id from child", "DROP VIEW made"],
    ["create materialized view made as select id from child", "DROP MATERIALIZED VIEW made"],
    ["create sequence made", "DROP SEQUENCE made"],
    ["create type made as enum ('a', 'b')", "DROP TYPE made"],
    ["create type made as (a int, b mood)", "DROP TYPE made"],
    ["create type made as range (subtype = int)", "DROP TYPE made"],
    ["create domain made as text check (value <> '')", "DROP DOMAIN made"],
    ["create index made on child (amount)", "DROP INDEX CONCURRENTLY made"],
    ['create unique index concurrently "Made" on app.inner_table (id)', 'DROP INDEX CONCURRENTLY app."Made"'],
    ["create index made on only measure (value)", "DROP INDEX made"],
    [
      "create function made(a int, b varchar(10)[], c pair, out d text, variadic e numeric(4,2)[]) language sql as $$ select '' $$",
      "DROP FUNCTION made(integer, character varying[], pair, VARIADIC numeric[])",
    ],
    [
      'create function made(a child.note%type, b timestamptz, c timestamp(3), d "char", e char, f time with time zone, g bit(3), h float, i interval) returns table (x int) language sql as $$ select 1 $$',
      'DROP FUNCTION made(child.note%TYPE, timestamptz, timestamp, "char", character, time with time zone, bit, double precision, interval)',
    ],
    [
      "create procedure app.made(a int, inout b text, out c json) language sql as $$ select '', '{}'::json $$",
      "DROP PROCEDURE app.made(integer, text, OUT json)",
    ],
    ["create trigger made after insert on child for each row execute function touch()", "DROP TRIGGER made ON child"],
    ["create event trigger made on ddl_command_end execute function on_ddl()", "DROP EVENT TRIGGER made"],
    [
      "create schema made create table a (id int primary key) create view b as select id from a create index on a (id)",
      "DROP VIEW made.b",
      "DROP TABLE made.a",
      "DROP SCHEMA made",
    ],
    ["create extension pgcrypto", "DROP EXTENSION pgcrypto"],
    ["create policy made on child to public using (true)", "DROP POLICY made ON child"],
    ["create rule made as on insert to base do also notify made", "DROP RULE made ON base"],
    ["create statistics made on id, note from child", "DROP STATISTICS made"],
    ["create publication made for table child (id), parent where (id > 1)", "DROP PUBLICATION made"],
    ['create collation made from "C"', "DROP COLLATION made"],
    ["create text search configuration made (copy = simple)", "DROP TEXT SEARCH CONFIGURATION made"],
    ["alter table child add column made int", "ALTER TABLE child DROP COLUMN made"],
    [
      'alter table child add column made int, add column "Made" text, add constraint made check (made > 0)',
      "ALTER TABLE child DROP CONSTRAINT made",
      'ALTER TABLE child DROP COLUMN "Made"',
      "ALTER TABLE child DROP COLUMN made",
    ],
    [
      "alter table child add constraint made foreign key (parent_id) references parent not valid",
      "ALTER TABLE child DROP CONSTRAINT made",
    ],
    ["alter table only child add constraint made unique (note)", "ALTER TABLE ONLY child DROP CONSTRAINT made"],
    ["alter table only child rename column note to made", "ALTER TABLE ONLY child RENAME COLUMN made TO note"],
    ["alter table child alter column note set not null", "ALTER TABLE child ALTER COLUMN note DROP NOT NULL"],
    ["alter table measure_new alter column at drop not null", "ALTER TABLE measure_new ALTER COLUMN at SET NOT NULL"],
    [
      "alter table numbers alter column id add generated always as identity",
      "ALTER TABLE numbers ALTER COLUMN id DROP IDENTITY",
    ],
    [
      "alter table child enable row level security, force row level security",
      "ALTER TABLE child NO FORCE ROW LEVEL SECURITY",
      "ALTER TABLE child DISABLE ROW LEVEL SECURITY",
    ],
    ["alter table base set unlogged", "ALTER TABLE base SET LOGGED"],
    ["alter table derived inherit base", "ALTER TABLE derived NO INHERIT base"],
    [
      "alter table measure attach partition measure_new for values from ('2021-01-01') to ('2022-01-01')",
      "ALTER TABLE measure DETACH PARTITION measure_new",
    ],
    ["alter type pair add attribute c int cascade", "ALTER TYPE pair DROP ATTRIBUTE c CASCADE"],
    ['alter table child rename to "Made"', 'ALTER TABLE "Made" RENAME TO child'],
    ["alter table app.inner_table rename to made", "ALTER TABLE app.made RENAME TO inner_table"],
    ['alter table child rename column note to "select"', 'ALTER TABLE child RENAME COLUMN "select" TO note'],
    [
      "alter table child rename constraint child_amount to made",
      "ALTER TABLE child RENAME CONSTRAINT made TO child_amount",
    ],
    ["alter view child_view rename column note to made", "ALTER VIEW child_view RENAME COLUMN made TO note"],
    ["alter view child_view rename to made", "ALTER VIEW made RENAME TO child_view"],
    ["alter materialized view parent_view rename to made", "ALTER MATERIALIZED VIEW made RENAME TO parent_view"],
    ["alter index child_note rename to made", "ALTER INDEX made RENAME TO child_note"],
    ["alter sequence counter rename to made", "ALTER SEQUENCE made RENAME TO counter"],
    ["alter type mood rename to made", "ALTER TYPE made RENAME TO mood"],
    ["alter type mood rename value 'sad' to 'it''s'", "ALTER TYPE mood RENAME VALUE 'it''s' TO 'sad'"],
    ["alter type pair rename attribute a to made", "ALTER TYPE pair RENAME ATTRIBUTE made TO a"],
    ["alter domain positive rename to made", "ALTER DOMAIN made RENAME TO positive"],
    [
      "alter domain positive rename constraint positive_value to made",
      "ALTER DOMAIN positive RENAME CONSTRAINT made TO positive_value",
    ],
    ["alter domain positive add constraint made check (value < 100)", "ALTER DOMAIN positive DROP CONSTRAINT made"],
    ["alter domain positive set not null", "ALTER DOMAIN positive DROP NOT NULL"],
    ["alter function add_up(int, text) rename to made", "ALTER FUNCTION made(integer, text) RENAME TO add_up"],
    ["alter procedure go_on rename to made", "ALTER PROCEDURE made RENAME TO go_on"],
    ["alter trigger child_touch on child rename to made", "ALTER TRIGGER made ON child RENAME TO child_touch"],
    ["alter policy child_policy on child rename to made", "ALTER POLICY made ON child RENAME TO child_policy"],
    ["alter rule child_rule on base rename to made", "ALTER RULE made ON base RENAME TO child_rule"],
    ["alter schema app rename to made", "ALTER SCHEMA made RENAME TO app"],
    ["alter publication child_news rename to made", "ALTER PUBLICATION made RENAME TO child_news"],
    ["alter statistics child_numbers rename to made", "ALTER STATISTICS made RENAME TO child_numbers"],
    ["alter table app.inner_table set schema public", "ALTER TABLE public.inner_table SET SCHEMA app"],
    [
      "alter function public.add_up(int, text) set schema app",
      "ALTER FUNCTION app.add_up(integer, text) SET SCHEMA public",
    ],
    ["alter type public.mood set schema app", "ALTER TYPE app.mood SET SCHEMA public"],
    [
      "alter publication child_news add table parent, tables in schema app",
      "ALTER PUBLICATION child_news DROP TABLE parent, TABLES IN SCHEMA app",
    ],
  ])("%s", async (text, ...back) => {
    const found = await inverse(text);
    expect(found).toEqual({ kind: "statements", sql: back });
    expect(await leftBy(text, { sql: back })).toEqual([]);
  });
});

describe("nothing is to be taken back", () => {
  test.each([
    "alter table child validate constraint child_amount",
    "alter domain positive validate constraint positive_value",
    "create temp table made (id int)",
    "select * into temp made from child",
    "set local lock_timeout = '1s'",
    "select id from child",
    "show work_mem",
    "copy child to program 'cat > /dev/null'",
    "vacuum child",
    "analyze",
    "reindex table child",
    "lock table child",
  ])("after %s", async (text) => {
    expect(await inverse(text)).toEqual({ kind: "statements", sql: [] });
  });
});

describe("there is no way back, and the reason says why and what helps", () => {
  test.each([
    ["create table if not exists made (id int)", /IF NOT EXISTS.*must not remove/],
    ["create index if not exists made on child (id)", /IF NOT EXISTS/],
    ["alter table child add column if not exists note text", /column note that is there already/],
    ["create or replace view made as select 1", /definition before is not known/],
    ["create or replace function made() returns int language sql as ''", /definition before is not known/],
    ["create index on child (id)", /Give the index a name/],
    ["create statistics on id, note from child", /Give it a name/],
    ["alter table child add check (id > 0)", /Give the constraint a name/],
    ["alter table child add primary key (id)", /Give the constraint a name/],
    ["alter table child add constraint made unique using index child_amount_id", /index child_amount_id/],
    ["alter table child add column made int, drop column note", /values of the column note/],
    ["alter table if exists child add column made int", /IF EXISTS/],
    ["alter table if exists child rename to made", /IF EXISTS/],
    ["alter table child alter column note type varchar(10)", /type that the column note had/],
    ["alter table child alter column note set default 'x'", /which default/],
    ["alter table child drop constraint child_amount", /definition of the constraint child_amount/],
    ["alter table child owner to somebody", /who owned it/],
    ["alter table child set schema app", /Write the name with its schema/],
    ["alter table measure detach partition measure_old", /which values/],
    ["alter type mood add value 'calm'", /cannot take the value 'calm' away/],
    ["create extension pgcrypto cascade", /other extensions/],
    ["drop table child", /definition of the table child/],
    ["drop index child_note", /definition of the index child_note/],
    ["comment on table child is 'x'", /which comment/],
    ["grant select on child to public", /which privileges/],
    ["insert into child values (1)", /Which rows it added/],
    ["update child set note = ''", /values that it overwrites/],
    ["delete from child", /rows that it deletes/],
    ["truncate child", /rows that it removes/],
    ["with gone as (delete from child returning id) select * from gone", /not in the statement/],
    ["do $$ begin end $$", /cannot be told/],
    ["call go_on(1)", /cannot be told/],
    ["select setval('counter', 5)", /calls setval/],
    ["begin", /steers the transaction/],
    ["refresh materialized view parent_view", /held before/],
    ["create aggregate made (int) (sfunc = int4pl, stype = int)", /Write its way back by hand/],
  ])("%s", async (text, reason) => {
    expect(await inverse(text)).toEqual({ kind: "none", reason: expect.stringMatching(reason) as string });
  });
});
