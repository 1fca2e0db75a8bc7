import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LOCK_MODES } from "../../src/sql/effect/lock-mode.js";
import { effectsOf, type LockMode } from "../../src/sql/effects.js";
import { parseStatements } from "../../src/sql/parse.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { fixture } from "./fixture.js";

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase("locks");
  await database.client.query(fixture);
});

afterAll(async () => {
  await database.drop();
});

type Locks = Readonly<Record<string, LockMode>>;

/** The strongest lock on each relation that was there before, as the server holds it after the statement, within its transaction. */
async function locksHeld(statement: string): Promise<Locks> {
  const before = await database.query<{ oid: string }>(
    "select oid::text from pg_class where relkind = any ('{r,p,v,m,S,i,I}') and relnamespace >= 16384 or relnamespace = 'public'::regnamespace",
  );
  await database.client.query("begin");
  try {
    const names = await database.query<{ oid: string; name: string; kind: string }>(
      `select c.oid::text, case when n.nspname = 'public' then '' else n.nspname || '.' end || c.relname as name, c.relkind::text as kind
         from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = any ($1::oid[])`,
      [before.map(({ oid }) => oid)],
    );
    await database.client.query(statement);
    const held = await database.query<{ oid: string; mode: string }>(
      "select relation::text as oid, mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation' and relation = any ($1::oid[])",
      [names.map(({ oid }) => oid)],
    );
    return strongest(
      held.map(({ oid, mode }) => [names.find((each) => each.oid === oid)?.name ?? oid, modeName(mode)]),
    );
  } finally {
    await database.client.query("rollback");
  }
}

/** `ShareRowExclusiveLock` as the manual writes it. */
function modeName(mode: string): LockMode {
  return mode
    .replace(/Lock$/, "")
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toUpperCase() as LockMode;
}

function strongest(locks: readonly (readonly [string, LockMode])[]): Locks {
  const ordered = locks.toSorted(([, left], [, right]) => LOCK_MODES.indexOf(left) - LOCK_MODES.indexOf(right));
  return Object.fromEntries(ordered);
}

async function locksForetold(text: string): Promise<Locks> {
  const [statement] = await parseStatements(text);
  const { locks } = statement === undefined ? { locks: [] } : effectsOf(statement);
  return Object.fromEntries(
    locks.map(({ relation, mode }) => [
      `${relation.schema === null ? "" : `${relation.schema}.`}${relation.name}`,
      mode,
    ]),
  );
}

/** Indexes and what only the catalog knows: the partitions of a table, the tables that a view reads, the owner of an index. */
function withoutCatalogKnowledge(held: Locks, foretold: Locks, known: readonly string[]): Locks {
  const indexes = /_(pkey|key|note|amount_id|view_id)$/;
  return Object.fromEntries(
    Object.entries(held).filter(([name]) => name in foretold || (!indexes.test(name) && !known.includes(name))),
  );
}

describe("effectsOf foretells the locks that the server takes", () => {
  test.each([
    ["create index on child (amount)"],
    ["create unique index on app.inner_table (lower(body)) where id > 0"],
    ["drop index child_note", "child"],
    ["reindex table child"],
    ["reindex index child_note", "child"],
    ["alter index child_note rename to other"],
    ["create table made (id int, parent_id int references parent)"],
    ["create table made (id int primary key, up int references made)"],
    ["create table made (like child including all)"],
    ["create table made () inherits (base)"],
    ["create table made partition of measure for values from ('2022-01-01') to ('2023-01-01')"],
    ["create table made as select code from child join parent on parent.id = parent_id"],
    ["select * into made from child"],
    ["create view made as select * from child"],
    ["create or replace view child_view as select id, note from child"],
    ["create materialized view made as select * from parent"],
    ["create sequence made owned by child.id"],
    ["create statistics made on id, note from child"],
    ["create trigger made after insert on child for each row execute function touch()"],
    ["create rule made as on insert to child do also notify made"],
    ["create policy made on child using (id in (select id from parent))"],
    ["alter policy child_policy on child using (true)"],
    ["create publication made for table child, app.inner_table"],
    ["alter publication child_news add table parent"],
    ["alter table child add column made int"],
    ["alter table child add column made int references parent"],
    ["alter table child drop column amount"],
    ["alter table child alter column note set not null"],
    ["alter table child alter column note drop not null"],
    ["alter table child alter column note set default ''"],
    ["alter table child alter column amount type bigint"],
    ["alter table child alter column note set statistics 500"],
    ["alter table child alter column note set (n_distinct = 5)"],
    ["alter table child alter column note set storage external"],
    ["alter table child add constraint made check (id > 0) not valid"],
    ["alter table child add constraint made foreign key (parent_id) references parent not valid"],
    ["alter table child add constraint made foreign key (parent_id) references parent"],
    ["alter table child add constraint made unique (note)"],
    ["alter table child validate constraint child_amount"],
    ["alter table child drop constraint child_amount"],
    ["alter table child disable trigger child_touch"],
    ["alter table child enable row level security"],
    ["alter table child set (fillfactor = 70)"],
    ["alter table child set (user_catalog_table = true)"],
    ["alter table child reset (autovacuum_enabled)"],
    ["alter table child cluster on child_note"],
    ["alter table base set unlogged"],
    ["alter table child replica identity full"],
    ["alter table child owner to current_user"],
    [
      "alter table child set statistics 1, validate constraint child_amount".replace(
        "set statistics 1",
        "alter id set statistics 1",
      ),
    ],
    ["alter table child validate constraint child_amount, alter column note set default 'x'"],
    ["alter table derived inherit base"],
    ["alter table measure attach partition measure_new for values from ('2021-01-01') to ('2022-01-01')"],
    ["alter table measure detach partition measure_old"],
    ["alter table child rename to made"],
    ["alter table child rename column note to made"],
    ["alter table child rename constraint child_amount to made"],
    ["alter trigger child_touch on child rename to made"],
    ["alter policy child_policy on child rename to made"],
    ["alter rule child_rule on base rename to made"],
    ["alter table child set schema app"],
    ["alter view child_view rename to made"],
    ["alter sequence counter increment by 5"],
    ["alter type mood rename to made"],
    ["comment on table child is 'x'"],
    ["comment on column child.note is 'x'"],
    ["comment on constraint child_amount on child is 'x'"],
    ["comment on view child_view is 'x'"],
    ["comment on trigger child_touch on child is 'x'"],
    ["comment on policy child_policy on child is 'x'"],
    ["comment on rule child_rule on base is 'x'"],
    ["comment on index child_note is 'x'"],
    ["comment on type mood is 'x'"],
    ["grant select on child to public"],
    ["grant select on all tables in schema app to public"],
    ["revoke usage on sequence counter from public"],
    ["alter domain positive add constraint made check (value < 10)"],
    ["alter domain positive rename constraint positive_value to made"],
    ["alter type pair add attribute c int", "pair"],
    ["alter type pair rename attribute a to c", "pair"],
    ["alter table parent drop constraint parent_code_key"],
    ["alter table measure_new add constraint made exclude using btree (value with =)"],
    ["alter table base add column made int generated always as identity"],
    ["alter table base alter column id set not null, enable trigger all"],
    ["alter table base disable rule child_rule"],
    ["create table made (id int, foreign key (id) references parent (id))"],
    ["create function made() returns bigint language sql begin atomic select count(*) from child; end"],
    ["alter table derived add column made int"],
    ["drop function add_up(int, text)"],
    ["drop index child_note, child_amount_id", "child"],
    ["drop table derived"],
    ["drop view child_view"],
    ["drop materialized view parent_view"],
    ["drop sequence counter"],
    ["drop trigger child_touch on child"],
    ["drop policy child_policy on child"],
    ["drop rule child_rule on base"],
    ["truncate child, base"],
    ["lock table child in share mode"],
    ["lock table child"],
    ["refresh materialized view parent_view", "parent"],
    ["refresh materialized view concurrently parent_view", "parent"],
    ["cluster child using child_note"],
    ["analyze child (note)"],
    ["insert into child (id, amount) select id, 1 from parent"],
    ["insert into child (id) values (1) on conflict (id) do update set note = excluded.note"],
    ["update child set note = code from parent where parent.id = parent_id"],
    ['update "Odd Name" set "Odd Column" = null'],
    ["delete from child using parent where parent.id = parent_id"],
    ["merge into child using parent on parent.id = child.id when matched then update set note = code"],
    ["select * from child, app.inner_table"],
    ["select * from child where id in (select id from parent) for update"],
    ["with parent as (select 1 as id) select * from child, parent"],
    ["with recursive up as (select id from parent union all select id from up where false) select * from up"],
    ["with gone as (delete from child returning id) insert into base select id, '' from gone"],
    ["with base as (select * from base) select * from base"],
    ["copy child (id, note) from program 'true'"],
    ["copy (select note from child) to program 'cat > /dev/null'"],
    ["explain select * from child"],
  ])("%s", async (statement, ...known) => {
    const foretold = await locksForetold(statement);
    expect(foretold).toEqual(withoutCatalogKnowledge(await locksHeld(statement), foretold, known));
  });
});

describe("effectsOf knows what PostgreSQL refuses in a transaction block", () => {
  test.each([
    "create index concurrently made on child (amount)",
    "drop index concurrently child_note",
    "reindex table concurrently child",
    "reindex (concurrently) index child_note",
    "reindex schema public",
    "alter table measure detach partition measure_old concurrently",
    "vacuum child",
    "vacuum full child",
    "cluster",
    "create database made",
    "drop database made",
    "create tablespace made location '/nowhere'",
    "drop tablespace made",
    "alter system set work_mem = '8MB'",
    "alter database postgres set tablespace pg_default",
    "create subscription made connection 'dbname=nowhere' publication made",
    "discard all",
    "commit prepared 'made'",
  ])("%s", async (text) => {
    const [statement] = await parseStatements(text);
    expect(statement === undefined ? undefined : effectsOf(statement).transaction).toBe("outside");
    await database.client.query("begin");
    await expect(database.client.query(text)).rejects.toMatchObject({ code: "25001" });
    await database.client.query("rollback");
  });

  test.each([
    "create subscription made connection 'dbname=nowhere' publication made with (connect = false)",
    "alter table measure detach partition measure_old",
    "analyze",
    "reindex table child",
  ])("and what it does not: %s", async (text) => {
    const [statement] = await parseStatements(text);
    expect(statement === undefined ? undefined : effectsOf(statement).transaction).toBe("inside");
    await database.client.query("begin");
    await expect(database.client.query(text)).resolves.toBeDefined();
    await database.client.query("rollback");
  });

  test("a new value of an enum stands in a transaction of its own, since nothing can use it before it is committed", async () => {
    const [statement] = await parseStatements("alter type mood add value 'calm'");
    expect(statement === undefined ? undefined : effectsOf(statement).transaction).toBe("own");
    await database.client.query("begin");
    await database.client.query("alter type mood add value 'calm'");
    await expect(database.client.query("select 'calm'::mood")).rejects.toMatchObject({ code: "55P04" });
    await database.client.query("rollback");
  });
});
