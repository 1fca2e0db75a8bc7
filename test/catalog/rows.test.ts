import { afterAll, expect, test } from "vitest";
import { copySampleRows } from "../../src/postgres/catalog/copy-rows.js";
import { rebuildCatalog } from "../../src/postgres/catalog/rebuild.js";
import { tableHashes } from "../../src/postgres/catalog/table-hashes.js";
import { type FreshDatabase, freshDatabase } from "../support/database.js";

const databases: FreshDatabase[] = [];
afterAll(async () => {
  for (const one of databases) await one.drop();
});

async function database(name: string, sql = "select"): Promise<FreshDatabase> {
  const fresh = await freshDatabase(name);
  databases.push(fresh);
  await fresh.query(sql);
  return fresh;
}

async function copyOf(source: FreshDatabase): Promise<FreshDatabase> {
  const copy = await database("rows_copy");
  await rebuildCatalog(source.client, copy.client);
  return copy;
}

const everyType = `
  create type public.mood as enum ('sad', 'happy'); create type public.pair as (a int, b text);
  create table public.t (
    id bigint generated always as identity primary key, i int, f8 float8, f4 float4, n numeric, t text, c char(5), v varchar(5),
    b bytea, j json, jb jsonb, u uuid, ts timestamp, tz timestamptz, d date, ti time, iv interval, bo bool, m public.mood, p public.pair,
    a int[], ta text[], r tstzrange, ip inet, bits bit(3), x xml, money money, tsv tsvector, pt point,
    twice bigint generated always as (i * 2) stored);
  insert into public.t (i, f8, f4, n, t, c, v, b, j, jb, u, ts, tz, d, ti, iv, bo, m, p, a, ta, r, ip, bits, x, money, tsv, pt)
  select g, 0.1 + g, 1.1, 1.10, E'a\\\\b"c\\n''é€😀,{}' || g, 'ab ', 'vv', '\\x00ff5c', '{"b": 1, "a":  2}', '{"b": 1}',
    '00000000-0000-0000-0000-000000000001', '2020-01-01 00:00:00.123456', '2020-06-01 12:00+02', '2020-01-01', '12:00:01', '1 mon 2 days -3 hours',
    true, 'happy', row (1, 'x,"y')::public.pair, '{1,NULL,3}', '{"a b",NULL,"",null}', '[2020-01-01,)', '10.0.0.1/8', b'101', '<a>b</a>', 12.34, 'a b', '(1,2)'
  from generate_series(1, 20) g;
  insert into public.t (i) values (null), (null)`;

test("every type comes through a copy unchanged, generated columns, nulls and equal rows included", async () => {
  const source = await database("types", everyType);
  const copy = await copyOf(source);
  const copied = await copySampleRows(source.client, copy.client, 1000);
  expect(copied).toEqual({ tables: 1, rows: 22, skipped: 0 });
  expect(await tableHashes(copy.client)).toEqual(await tableHashes(source.client));
  expect((await tableHashes(copy.client))["public.t"]).toMatchObject({ rows: 22 });
});

test("a hash does not depend on the order of rows or columns, nor on the session's settings", async () => {
  const rows = "select g, 1.5 + g, now()::timestamptz(0), '1 day'::interval from generate_series(1, 50) g";
  const one = await database("hash", `create table public.t (a int, f float8, at timestamptz, i interval)`);
  await one.query("create table public.u (i interval, at timestamptz, a int, f float8)");
  await one.query(
    `begin; insert into public.t ${rows} order by 1; insert into public.u (a, f, at, i) ${rows} order by 1 desc; commit`,
  );
  await one.query(
    "set timezone = 'Asia/Tokyo'; set datestyle = 'SQL'; set intervalstyle = 'iso_8601'; set extra_float_digits = 0",
  );
  const hashes = await tableHashes(one.client);
  expect(hashes["public.t"]).toEqual(hashes["public.u"]);
});

const changes: readonly (readonly [string, string])[] = [
  ["a value that changed", "update public.t set b = 'other' where a = 1"],
  ["a row that is there once more", "insert into public.t values (2, 'x')"],
  ["two values that changed places", "update public.t set a = 3 - a"],
  ["a null instead of an empty text", "update public.t set b = null where a = 3"],
  ["a trailing blank", "update public.t set b = b || ' ' where a = 1"],
];

test.for(changes)("a hash shows %s", async ([, change]) => {
  const [one = await database("changed")] = databases.filter(({ name }) => name.startsWith("changed"));
  await one.query(
    "begin; create table public.t (a int, b text); insert into public.t values (1, 'y'), (2, 'x'), (3, '')",
  );
  const before = await tableHashes(one.client);
  await one.query(change);
  expect((await tableHashes(one.client))["public.t"]).not.toEqual(before["public.t"]);
  await one.query("rollback");
});

test("two equal rows do not cancel each other out", async () => {
  const one = await database(
    "twice",
    "create table public.a (x int); create table public.b (x int); insert into public.b values (1), (1)",
  );
  const hashes = await tableHashes(one.client);
  expect(hashes["public.a"]?.hash).not.toBe(hashes["public.b"]?.hash);
  expect(hashes["public.b"]?.rows).toBe(2);
});

test("the two sums of a hash are over different halves", async () => {
  const one = await database("halves", "create table public.t (x int); insert into public.t values (1)");
  const [first, second] = (await tableHashes(one.client))["public.t"]?.hash.split(":") ?? [];
  expect(first).toMatch(/^-?\d+$/);
  expect(second).toMatch(/^-?\d+$/);
  expect(first).not.toBe(second);
});

test("Belay's own tables have no hash, and a partitioned table is hashed in its partitions", async () => {
  const one = await database(
    "own",
    `create schema belay; create table belay.entry (a int); create table public.p (a int) partition by list (a);
     create table public.p1 partition of public.p for values in (1); create table public."Odd.name" ()`,
  );
  expect(Object.keys(await tableHashes(one.client))).toEqual(['public."Odd.name"', "public.p1"]);
});

const family = `
  create table public.country (code text primary key, name text);
  create table public.person (id int primary key, boss int references public.person, country text references public.country);
  create table public.pet (id serial primary key, owner int not null references public.person on delete cascade);
  create table public.a (id int primary key, b int);
  create table public.b (id int primary key, a int references public.a);
  alter table public.a add foreign key (b) references public.b;
  create table public.log (at date, person int references public.person) partition by range (at);
  create table public.log_1 partition of public.log for values from ('2020-01-01') to ('2021-01-01');
  create table public.whole (k int, l int, primary key (k, l)) partition by range (k);
  create table public.whole_1 partition of public.whole for values from (0) to (100);
  create table public.whole_2 (l int not null, k int not null);
  alter table public.whole attach partition public.whole_2 for values from (100) to (200);
  create table public.part (k int, l int, foreign key (k, l) references public.whole);
  insert into public.country select 'c' || g, 'n' from generate_series(1, 300) g;
  insert into public.person select g, nullif(g - 1, 0), 'c' || (301 - g) from generate_series(1, 300) g;
  insert into public.pet (owner) select 301 - g from generate_series(1, 100) g;
  begin; alter table public.a disable trigger all;
  insert into public.a select g, 101 - g from generate_series(1, 100) g; alter table public.a enable trigger all; commit;
  insert into public.b select g, g from generate_series(1, 100) g;
  insert into public.log select '2020-02-02', g from generate_series(1, 300) g;
  insert into public.whole select g, g + 1 from generate_series(0, 199) g;
  insert into public.part select 199 - g, 200 - g from generate_series(0, 199) g;
  insert into public.part values (1, null)`;

const foreignKeysHold = `
  select count(*)::int as broken from public.pet p left join public.person o on o.id = p.owner
    left join public.person boss on boss.id = o.boss left join public.country c on c.code = o.country
  where o.id is null or (o.boss is not null and boss.id is null) or c.code is null
  union all select count(*)::int from public.a left join public.b on b.id = a.b where b.id is null and a.b is not null
  union all select count(*)::int from public.b left join public.a on a.id = b.a where a.id is null and b.a is not null
  union all select count(*)::int from public.log l left join public.person p on p.id = l.person where p.id is null
  union all select count(*)::int from public.part p left join public.whole w on (w.k, w.l) = (p.k, p.l) where w.k is null and p.l is not null`;

test("a sample keeps foreign keys whole: parents of parents, circles, several columns, partitions", async () => {
  const source = await database("family", family);
  const copy = await copyOf(source);
  const copied = await copySampleRows(source.client, copy.client, 7);
  expect(copied.skipped).toBe(0);
  expect(copied.tables).toBe(9);
  expect((await copy.query<{ broken: number }>(foreignKeysHold)).map(({ broken }) => broken)).toEqual([0, 0, 0, 0, 0]);
  const [pets] = await copy.query("select count(*)::int as pets from public.pet");
  expect(pets).toEqual({ pets: 7 });
  // Seven of each partition, and the seven that the sampled parts refer to: not the whole table.
  const [whole] = await copy.query<{ rows: number }>("select count(*)::int as rows from public.whole");
  expect(whole?.rows).toBeGreaterThanOrEqual(14);
  expect(whole?.rows).toBeLessThanOrEqual(21);
});

test("sequences and identities go on after what was copied", async () => {
  const source = await database(
    "positions",
    `create table public.t (id int generated always as identity, s serial, x int); create sequence public.lone; create sequence public.down increment -1;
     insert into public.t (x) select g from generate_series(1, 30) g; select setval('public.lone', 99), nextval('public.down'), nextval('public.down');
     insert into public.t (id, s) overriding system value values (500, 600)`,
  );
  const copy = await copyOf(source);
  await copySampleRows(source.client, copy.client, 1000);
  expect(await copy.query("insert into public.t (x) values (1) returning id, s")).toEqual([{ id: 501, s: 601 }]);
  expect(await copy.query("select nextval('public.lone')::int as lone, nextval('public.down')::int as down")).toEqual([
    { lone: 100, down: -3 },
  ]);
});

test("triggers do not fire for copied rows, and work afterwards", async () => {
  const source = await database(
    "fired",
    `create table public.log (a int); create table public.t (a int);
     create function public.note() returns trigger language plpgsql as $$ begin insert into public.log values (new.a); return new; end $$;
     insert into public.t values (1); create trigger note after insert on public.t for each row execute function public.note()`,
  );
  const copy = await copyOf(source);
  await copySampleRows(source.client, copy.client, 10);
  expect(await copy.query("select * from public.log")).toEqual([]);
  await copy.query("insert into public.t values (2)");
  expect(await copy.query("select * from public.log")).toEqual([{ a: 2 }]);
});

test("rows that break a CHECK which is not validated are skipped and counted, and what refers to them as well", async () => {
  const source = await database(
    "skipped",
    `create table public.t (id int primary key, a int); create table public.u (t int references public.t);
     insert into public.t select g, g - 3 from generate_series(1, 9) g; insert into public.u select g from generate_series(1, 9) g;
     alter table public.t add constraint positive check (a > 0) not valid`,
  );
  const copy = await copyOf(source);
  expect(await copySampleRows(source.client, copy.client, 100)).toEqual({ tables: 2, rows: 12, skipped: 6 });
  expect(await copy.query("select count(*)::int as u from public.u")).toEqual([{ u: 6 }]);
});

test("a copy that fails leaves the destination without a row", async () => {
  const source = await database(
    "failing",
    "create table public.a (x int); insert into public.a values (1); create table public.b (x int); insert into public.b values (1)",
  );
  const copy = await copyOf(source);
  await copy.query("drop table public.b");
  await expect(copySampleRows(source.client, copy.client, 10)).rejects.toThrow("does not exist");
  expect(await copy.query("select * from public.a")).toEqual([]);
});
