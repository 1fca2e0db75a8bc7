import { expect, it } from "vitest";
import { askingOf, type Asking } from "../../src/sql/asking.js";
import { parseStatements } from "../../src/sql/parse.js";

async function asked(sql: string): Promise<Asking> {
  const [statement] = await parseStatements(sql);
  if (statement === undefined) throw new Error("no statement");
  return askingOf(statement);
}

it.each([
  "select * from information_schema.tables where table_name = 'x' and table_schema = current_schema()",
  "select * from information_schema.columns where table_name = 'x' and table_catalog = current_database()",
  "select 1 from pg_class where relname = 'x'",
  "select c.conname from pg_constraint c join pg_catalog.pg_class t on t.oid = c.conrelid",
  "select to_regclass('x') is not null as there",
  "with t as (select tablename from pg_tables) select count(*) from t",
])("answers from the catalog alone: %s", async (sql) => {
  expect(await asked(sql)).toEqual({ acts: false, answer: "catalog" });
});

it.each([
  "select * from users",
  "table users",
  "select count(*) from users",
  "select 1 from pg_class c, users u",
  "with tables as (select 1) select * from users",
  "select reltuples from pg_class",
  "select * from pg_stat_user_tables",
  "select last_value from pg_sequences",
  "select current_user",
  "select now()",
  "show work_mem",
  "select * from users for update",
])("answers with something of rows, of the server or of the session: %s", async (sql) => {
  expect(await asked(sql)).toEqual({ acts: false, answer: "rows" });
});

it.each([
  "select setval('s', 1)",
  "select pg_catalog.nextval('s')",
  "select clean_up()",
  "select app.count()",
  "select * into b from a",
  "with gone as (delete from a returning *) select * from gone",
  "insert into a values (1) returning id",
  "delete from a",
  "create table b as select 1",
  "call clean_up()",
  "explain analyze delete from a",
])("acts, and answers with something of rows: %s", async (sql) => {
  expect(await asked(sql)).toEqual({ acts: true, answer: "rows" });
});

it.each(["drop table a", "alter table a drop column b", "do $$ begin end $$", "set search_path = a"])(
  "acts, and its answer tells nothing: %s",
  async (sql) => {
    expect(await asked(sql)).toEqual({ acts: true, answer: "nothing" });
  },
);
