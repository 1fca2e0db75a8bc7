import { describe, expect, test } from "vitest";
import { effects, said } from "./statement-effects.js";

describe("what a statement makes, drops and needs", () => {
  test.each<[string, { command: string; creates?: string[]; drops?: string[]; needs?: string[] }]>([
    [
      "create table app.t (id serial primary key, m mood, p int references parent (code), constraint c check (id > 0), foreign key (id) references app.t)",
      {
        command: "CREATE TABLE",
        creates: ["table app.t", "column app.t.id", "column app.t.m", "column app.t.p", "constraint app.t.c"],
        needs: ["type mood", "table parent", "column parent.code"],
      },
    ],
    ["create table t (like u)", { command: "CREATE TABLE", creates: ["table t"], needs: ["table u"] }],
    ["create table t of s.kind", { command: "CREATE TABLE", creates: ["table t"], needs: ["type s.kind"] }],
    [
      "create table t (id int default make_id())",
      { command: "CREATE TABLE", creates: ["table t", "column t.id"], needs: ["function make_id"] },
    ],
    [
      "create table t (id int default nextval('s.ids'::regclass))",
      { command: "CREATE TABLE", creates: ["table t", "column t.id"], needs: ["function nextval", "sequence s.ids"] },
    ],
    [
      "create index i on s.t (a, lower(b)) include (c) where d > 0",
      {
        command: "CREATE INDEX",
        creates: ["index s.t.i"],
        needs: ["table s.t", "column s.t.a", "column s.t.b", "column s.t.c", "column s.t.d", "function lower"],
      },
    ],
    [
      "create unique index concurrently if not exists i on t (a)",
      { command: "CREATE UNIQUE INDEX CONCURRENTLY", creates: ["index t.i"], needs: ["table t", "column t.a"] },
    ],
    ["create index on t (a)", { command: "CREATE INDEX", needs: ["table t", "column t.a"] }],
    [
      "create view v as select a, b as c from s.t where d order by c",
      {
        command: "CREATE VIEW",
        creates: ["view v"],
        needs: ["table s.t", "column s.t.a", "column s.t.b", "column s.t.d"],
      },
    ],
    [
      "create view v as select x.a from t x",
      { command: "CREATE VIEW", creates: ["view v"], needs: ["table t", "column t.a"] },
    ],
    [
      "create view v as select a from t join u using (id)",
      { command: "CREATE VIEW", creates: ["view v"], needs: ["table t", "table u"] },
    ],
    ["create view v as with t as (select 1 as a) select a from t", { command: "CREATE VIEW", creates: ["view v"] }],
    [
      "create materialized view v as select a from t",
      { command: "CREATE MATERIALIZED VIEW", creates: ["materialized view v"], needs: ["table t", "column t.a"] },
    ],
    ["create type s.kind as enum ('a')", { command: "CREATE TYPE", creates: ["type s.kind"] }],
    ["create type pair as (a int, b kind)", { command: "CREATE TYPE", creates: ["type pair"], needs: ["type kind"] }],
    [
      "create type span as range (subtype = kind)",
      { command: "CREATE TYPE", creates: ["type span"], needs: ["type kind"] },
    ],
    [
      "create domain d as kind constraint c check (value <> 'a')",
      { command: "CREATE DOMAIN", creates: ["domain d", "constraint d.c"], needs: ["type kind"] },
    ],
    [
      "create or replace function s.f(a kind) returns other language sql as ''",
      { command: "CREATE OR REPLACE FUNCTION", creates: ["function s.f"], needs: ["type kind", "type other"] },
    ],
    ["create procedure p() language sql as ''", { command: "CREATE PROCEDURE", creates: ["procedure p"] }],
    [
      "create trigger g before update of a on s.t for each row execute function f()",
      { command: "CREATE TRIGGER", creates: ["trigger s.t.g"], needs: ["table s.t", "column s.t.a", "function f"] },
    ],
    ["create schema s authorization r", { command: "CREATE SCHEMA", creates: ["schema s"], needs: ["role r"] }],
    ["create extension e schema s", { command: "CREATE EXTENSION", creates: ["extension e"], needs: ["schema s"] }],
    [
      "create policy p on t to r using (a = 1)",
      { command: "CREATE POLICY", creates: ["policy t.p"], needs: ["table t", "column t.a", "role r"] },
    ],
    [
      "create rule r as on insert to t do also insert into u values (new.a)",
      { command: "CREATE RULE", creates: ["rule t.r"], needs: ["table t", "table u"] },
    ],
    [
      "create publication p for table t (a), tables in schema s",
      { command: "CREATE PUBLICATION", creates: ["publication p"], needs: ["table t", "column t.a", "schema s"] },
    ],
    [
      "create event trigger e on ddl_command_start execute function f()",
      { command: "CREATE EVENT TRIGGER", creates: ["event trigger e"], needs: ["function f"] },
    ],
    [
      "alter table t add a kind, drop b, add constraint c foreign key (a) references u (x)",
      {
        command: "ALTER TABLE ADD COLUMN, DROP COLUMN, ADD CONSTRAINT",
        creates: ["column t.a", "constraint t.c"],
        drops: ["column t.b"],
        needs: ["table t", "type kind", "column t.b", "table u", "column u.x"],
      },
    ],
    [
      "alter table t alter a type kind using convert(b)",
      { command: "ALTER TABLE ALTER COLUMN TYPE", needs: ["table t", "column t.a", "type kind", "function convert"] },
    ],
    [
      "alter table t alter a set default 1",
      { command: "ALTER TABLE ALTER COLUMN SET DEFAULT", needs: ["table t", "column t.a"] },
    ],
    [
      "alter table t alter a drop default",
      { command: "ALTER TABLE ALTER COLUMN DROP DEFAULT", needs: ["table t", "column t.a"] },
    ],
    [
      "alter table t add constraint c unique using index i",
      { command: "ALTER TABLE ADD CONSTRAINT", creates: ["constraint t.c"], needs: ["table t", "index i"] },
    ],
    ["alter table t disable trigger g", { command: "ALTER TABLE DISABLE TRIGGER", needs: ["table t", "trigger t.g"] }],
    [
      "alter table t attach partition s.p default",
      { command: "ALTER TABLE ATTACH PARTITION", needs: ["table t", "table s.p"] },
    ],
    [
      "alter table t detach partition p concurrently",
      { command: "ALTER TABLE DETACH PARTITION CONCURRENTLY", needs: ["table t", "table p"] },
    ],
    [
      "alter type kind add value 'b'",
      { command: "ALTER TYPE ADD VALUE", creates: ["enum value kind.b"], needs: ["type kind"] },
    ],
    [
      "alter table s.t rename a to b",
      {
        command: "ALTER TABLE RENAME COLUMN",
        creates: ["column s.t.b"],
        drops: ["column s.t.a"],
        needs: ["column s.t.a", "table s.t"],
      },
    ],
    [
      "alter index s.i rename to j",
      { command: "ALTER INDEX RENAME", creates: ["index s.j"], drops: ["index s.i"], needs: ["index s.i"] },
    ],
    [
      "alter table t set schema s",
      { command: "ALTER TABLE SET SCHEMA", creates: ["table s.t"], drops: ["table t"], needs: ["table t", "schema s"] },
    ],
    ["alter function f(int) owner to r", { command: "ALTER FUNCTION OWNER TO", needs: ["function f", "role r"] }],
    ["alter sequence q owned by t.a", { command: "ALTER SEQUENCE", needs: ["sequence q", "table t", "column t.a"] }],
    ["drop table t, s.u", { command: "DROP TABLE", drops: ["table t", "table s.u"], needs: ["table t", "table s.u"] }],
    ["drop table if exists t", { command: "DROP TABLE", drops: ["table t"] }],
    ["drop trigger if exists g on t", { command: "DROP TRIGGER", drops: ["trigger t.g"] }],
    ["comment on column s.t.a is 'x'", { command: "COMMENT ON COLUMN", needs: ["column s.t.a", "table s.t"] }],
    ["grant select (a) on t to r", { command: "GRANT", needs: ["table t", "column t.a", "role r"] }],
    ["revoke all on schema s from public", { command: "REVOKE", needs: ["schema s"] }],
    ["insert into t (a) values (1)", { command: "INSERT", needs: ["table t", "column t.a"] }],
    [
      "update t set a = b where c is null",
      { command: "UPDATE", needs: ["table t", "column t.a", "column t.b", "column t.c"] },
    ],
    ["update t set a = 1 where ctid = '(0,1)'", { command: "UPDATE", needs: ["table t", "column t.a"] }],
    ["delete from t where t.a = 1", { command: "DELETE", needs: ["table t", "column t.a"] }],
    ["truncate t, u", { command: "TRUNCATE", needs: ["table t", "table u"] }],
    ["copy t (a) to '/tmp/x'", { command: "COPY TO", needs: ["table t", "column t.a"] }],
    ["call s.p(1)", { command: "CALL", needs: ["procedure s.p"] }],
  ])("%s", async (text, { command, creates = [], drops = [], needs = [] }) => {
    const found = await effects(text);
    expect({
      command: found.command,
      creates: found.creates.map(said),
      drops: found.drops.map(said),
      needs: found.needs.map(said).toSorted(),
    }).toEqual({ command, creates, drops, needs: needs.toSorted() });
  });
});
