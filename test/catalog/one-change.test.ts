import { afterAll, beforeAll, expect, test } from "vitest";
import { readSnapshot } from "../../src/postgres/catalog/read-snapshot.js";
import { type Difference, describeDifference, differences } from "../../src/snapshot/difference.js";
import { fingerprint, type Snapshot } from "../../src/snapshot/snapshot.js";
import { type FreshDatabase, freshDatabase } from "../support/database.js";
import { baseSchema } from "./base-schema.js";

interface Case {
  readonly change: string;
  /** `added|removed <key>`, or `changed <key>: <attribute>, …`. */
  readonly expected: readonly string[];
  readonly setup?: string;
  /** The first major version that knows the statement. */
  readonly since?: number;
}

const one = (change: string, ...expected: readonly string[]): Case => ({ change, expected });
const after = (setup: string, change: string, ...expected: readonly string[]): Case => ({ setup, change, expected });
const since = (version: number, of: Case): Case => ({ ...of, since: version });
const role = "create role catalog_anna";

const cases: readonly Case[] = [
  // Schemas and privileges
  one("create schema extra", "added schema extra"),
  one("drop schema public", "removed schema public"),
  one("comment on schema app is 'the application'", "changed schema app: comment"),
  after(role, "grant usage on schema app to catalog_anna", "changed schema app: privileges"),
  after(role, "alter schema app owner to catalog_anna", "changed schema app: owner"),
  after(role, "grant select on app.plain to catalog_anna", "changed table app.plain: privileges"),
  after(
    `${role}; grant select on app.plain to catalog_anna`,
    "grant select on app.plain to catalog_anna with grant option",
    "changed table app.plain: privileges",
  ),
  after(role, "grant update (b) on app.plain to catalog_anna", "changed column app.plain.b: privileges"),
  one("revoke delete on app.plain from current_user", "changed table app.plain: privileges"),
  one(
    "alter default privileges in schema app grant select on tables to public",
    "added default privileges <me>.app.tables",
  ),
  one("alter default privileges revoke execute on functions from public", "added default privileges <me>.functions"),
  // Extensions
  one("create extension hstore", "added extension hstore"),
  after("create extension hstore", "alter extension hstore set schema app", "changed extension hstore: schema"),
  // Tables
  one("create table app.extra ()", "added table app.extra"),
  one("drop table app.child", "removed column app.child.a", "removed column app.child.c", "removed table app.child"),
  after(role, "alter table app.plain owner to catalog_anna", "changed table app.plain: owner"),
  one("alter table app.plain set unlogged", "changed table app.plain: unlogged"),
  one("alter table app.plain set (fillfactor = 70)", "changed table app.plain: options"),
  one("alter table app.plain set (toast.autovacuum_enabled = false)", "changed table app.plain: options"),
  one("alter table app.plain enable row level security", "changed table app.plain: rowSecurity"),
  one("alter table app.plain force row level security", "changed table app.plain: forceRowSecurity"),
  one("alter table app.plain replica identity full", "changed table app.plain: replicaIdentity"),
  one("comment on table app.plain is 'x'", "changed table app.plain: comment"),
  one(
    "alter table app.child inherit app.parent",
    "changed column app.child.a: inherited",
    "changed table app.child: inherits",
  ),
  one(
    "alter table app.events attach partition app.events_2021 for values from ('2021-01-01') to ('2022-01-01')",
    "changed column app.events_2021.at: inherited, notLocal",
    "changed column app.events_2021.what: inherited, notLocal",
    "changed table app.events_2021: inherits, partitionBound",
  ),
  // Columns
  one("alter table app.plain add column c date", "added column app.plain.c"),
  one("alter table app.plain drop column a", "removed column app.plain.a"),
  one(
    "alter table app.plain drop column a; alter table app.plain add column a integer",
    "changed table app.plain: columns",
  ),
  one("alter table app.plain alter column a type bigint", "changed column app.plain.a: type"),
  one("alter table app.plain alter column a set not null", "changed column app.plain.a: notNull"),
  one("alter table app.plain alter column a set default 7", "changed column app.plain.a: default"),
  one("alter table app.users alter column score drop default", "changed column app.users.score: default"),
  one('alter table app.plain alter column b type text collate "C"', "changed column app.plain.b: collation"),
  one("alter table app.plain alter column b set storage external", "changed column app.plain.b: storage"),
  one("alter table app.plain alter column b set compression pglz", "changed column app.plain.b: compression"),
  one("alter table app.plain alter column b set statistics 500", "changed column app.plain.b: statistics"),
  one("alter table app.plain alter column b set (n_distinct = 5)", "changed column app.plain.b: options"),
  one("comment on column app.plain.b is 'x'", "changed column app.plain.b: comment"),
  one(
    "alter table app.users alter column upper_name drop expression",
    "changed column app.users.upper_name: expression, generated",
  ),
  one("alter table app.users alter column id set generated always", "changed column app.users.id: identity"),
  one("alter table app.users alter column id set increment by 10", "changed column app.users.id: identity"),
  one("alter table app.users alter column id drop identity", "changed column app.users.id: identity"),
  since(15, one("alter sequence app.users_id_seq set unlogged", "changed column app.users.id: identity")),
  one("grant usage on sequence app.users_id_seq to public", "changed column app.users.id: identity"),
  one(
    "alter foreign table app.remote alter column a options (add x 'y')",
    "changed column app.remote.a: serverOptions",
  ),
  one("alter view app.names alter column name set default 'x'", "changed column app.names.name: default"),
  // Constraints
  one("alter table app.plain add constraint few check (a < 9)", "added constraint app.plain.few"),
  one("alter table app.orders drop constraint positive", "removed constraint app.orders.positive"),
  after(
    "alter table app.plain add constraint few check (a < 9) not valid",
    "alter table app.plain validate constraint few",
    "changed constraint app.plain.few: notValid",
  ),
  one(
    "alter table app.orders alter constraint orders_user_id_fkey deferrable initially deferred",
    "changed constraint app.orders.orders_user_id_fkey: definition",
  ),
  one("comment on constraint positive on app.orders is 'x'", "changed constraint app.orders.positive: comment"),
  one("comment on index app.users_pkey is 'x'", "changed constraint app.users.users_pkey: indexComment"),
  one("alter index app.users_pkey set (fillfactor = 60)", "changed constraint app.users.users_pkey: options"),
  one("cluster app.users using users_pkey", "changed constraint app.users.users_pkey: clustered"),
  one(
    "alter table app.users replica identity using index users_pkey",
    "changed constraint app.users.users_pkey: replicaIdentity",
    "changed table app.users: replicaIdentity",
  ),
  one("alter table app.plain add exclude (a with =)", "added constraint app.plain.plain_a_excl"),
  one("alter table app.orders disable trigger all", "changed constraint app.orders.orders_user_id_fkey: triggers"),
  one("alter domain app.email add constraint short check (length(value) < 99)", "added constraint app.email.short"),
  since(18, one("alter table app.plain add constraint must not null a", "changed column app.plain.a: notNull")),
  since(18, one("alter table app.plain add not null a not valid", "changed column app.plain.a: notNull")),
  since(
    18,
    one("alter table app.plain add constraint few check (a < 9) not enforced", "added constraint app.plain.few"),
  ),
  since(18, one("alter table app.plain add column v integer generated always as (a * 2)", "added column app.plain.v")),
  // Indexes
  one("create index on app.plain (b text_pattern_ops)", "added index app.plain_b_idx"),
  one("drop index app.orders_total", "removed index app.orders_total"),
  one("alter index app.orders_total set (fillfactor = 50)", "changed index app.orders_total: definition"),
  one("alter index app.orders_double alter column 1 set statistics 9", "changed index app.orders_double: statistics"),
  one("cluster app.orders using orders_total", "changed index app.orders_total: clustered"),
  one("comment on index app.orders_total is 'x'", "changed index app.orders_total: comment"),
  one(
    "update pg_index set indisvalid = false where indexrelid = 'app.orders_total'::regclass",
    "changed index app.orders_total: invalid",
  ),
  // Views
  one(
    "create or replace view app.names as select id, name from app.users where id > 0",
    "changed view app.names: definition",
  ),
  one("alter view app.names set (security_barrier = true)", "changed view app.names: options"),
  one("refresh materialized view app.totals with no data", "changed materialized view app.totals: notPopulated"),
  one("create index on app.totals (user_id)", "added index app.totals_user_id_idx"),
  // Functions
  one("create function app.add(a text) returns text language sql as 'select a'", "added function app.add(text)"),
  one("alter function app.add(integer, integer) volatile", "changed function app.add(integer, integer): definition"),
  one("alter function app.add set search_path = app", "changed function app.add(integer, integer): definition"),
  one("revoke execute on function app.add from public", "changed function app.add(integer, integer): privileges"),
  one("drop procedure app.work", "removed procedure app.work()"),
  after(role, "alter procedure app.work owner to catalog_anna", "changed procedure app.work(): owner"),
  one("drop aggregate app.total(integer)", "removed aggregate app.total(integer)"),
  one("comment on aggregate app.total(integer) is 'x'", "changed aggregate app.total(integer): comment"),
  // Triggers, rules, policies, event triggers
  one("alter table app.users disable trigger touched", "changed trigger app.users.touched: enabled"),
  one(
    "create trigger more after insert on app.plain for each statement execute function app.touch()",
    "added trigger app.plain.more",
  ),
  one(
    "create trigger each after insert on app.events for each row execute function app.touch()",
    "added trigger app.events.each",
    "added trigger app.events_2020.each",
  ),
  one("alter table app.plain disable rule quiet", "changed rule app.plain.quiet: enabled"),
  one("drop policy own on app.users", "removed policy app.users.own"),
  one("alter policy own on app.users using (true)", "changed policy app.users.own: using"),
  one("alter policy own on app.users to current_user", "changed policy app.users.own: roles"),
  one("create event trigger watch on ddl_command_end execute function app.on_ddl()", "added event trigger watch"),
  // Types, domains, sequences
  one("alter type app.mood rename value 'sad' to 'glum'", "changed type app.mood: labels"),
  one("alter type app.mood add value 'calm' before 'happy'", "changed type app.mood: labels"),
  one("alter type app.pair add attribute c date", "added column app.pair.c"),
  one("drop type app.span", "removed type app.span"),
  one("revoke usage on type app.mood from public", "changed type app.mood: privileges"),
  one("alter domain app.email set not null", "changed domain app.email: notNull"),
  one("alter domain app.email set default 'a@b'", "changed domain app.email: default"),
  one("alter sequence app.counter increment by 2", "changed sequence app.counter: increment"),
  one("alter sequence app.counter maxvalue 99 cycle", "changed sequence app.counter: cycle, maximum"),
  one("alter sequence app.counter owned by app.plain.a", "changed sequence app.counter: ownedBy"),
  // The rest
  one("alter statistics app.together set statistics 50", "changed statistics app.together: target"),
  one("drop statistics app.together", "removed statistics app.together"),
  one("alter publication feed add table app.orders", "changed publication feed: tables"),
  one("alter publication feed set (publish = 'insert')", "changed publication feed: publish"),
  since(15, one("alter publication feed set table app.users (id, name)", "changed publication feed: tables")),
  since(15, one("alter publication feed add tables in schema app", "changed publication feed: schemas")),
  one("alter server far options (add host 'h')", "changed server far: options"),
  one("create user mapping for public server far options (user 'u')", "added user mapping public.far"),
  one("alter foreign data wrapper wrapper options (add a 'b')", "changed foreign data wrapper wrapper: options"),
  one(
    "alter text search configuration app.english drop mapping for word",
    "changed text search configuration app.english: mappings",
  ),
  one(
    "alter text search dictionary app.words (stopwords = english)",
    "changed text search dictionary app.words: settings",
  ),
  one("drop collation app.bytes", "removed collation app.bytes"),
  one("create cast (app.pair as text) with inout", "added cast (app.pair as text)"),
  one(
    "create operator app.<=> (leftarg = integer, rightarg = integer, function = int4eq)",
    'added operator app."<=>"(integer, integer)',
  ),
  one("create conversion app.turn for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8", "added conversion app.turn"),
  one("create operator family app.family using btree", "added operator family app.family.btree"),
  one("create access method second type table handler heap_tableam_handler", "added access method second"),
];

let database: FreshDatabase;
let untouched: Snapshot;
let version = 0;
let me = "";

beforeAll(async () => {
  database = await freshDatabase("one_change");
  await database.query(baseSchema);
  untouched = await readSnapshot(database.client);
  const [row] = await database.query<{ version: number; me: string }>(
    "select current_setting('server_version_num')::int / 10000 as version, current_user::text as me",
  );
  version = row?.version ?? 0;
  me = row?.me ?? "";
});

afterAll(() => database.drop());

function brief(difference: Difference): string {
  const attributes = difference.kind === "changed" ? `: ${Object.keys(difference.expected).join(", ")}` : "";
  return `${difference.kind} ${difference.object}${attributes}`;
}

test.for(cases)("exactly the difference is found after: $change", async (example, { skip }) => {
  if (version < (example.since ?? 14)) skip();
  await database.query("begin");
  try {
    if (example.setup !== undefined) await database.query(example.setup);
    // Every test takes back what it did: without a setup it begins where the first one did.
    const before = example.setup === undefined ? untouched : await readSnapshot(database.client);
    await database.query(example.change);
    const found = differences(before, await readSnapshot(database.client));
    expect(found.map(brief)).toEqual(example.expected.map((text) => text.replace("<me>", me)));
    for (const difference of found) expect(describeDifference(difference)).toContain(difference.object);
  } finally {
    await database.query("rollback");
  }
});

test("a change that is rolled back leaves the fingerprint as it was", async () => {
  const before = fingerprint(await readSnapshot(database.client));
  await database.query("begin");
  await database.query("alter table app.plain add column c integer");
  expect(fingerprint(await readSnapshot(database.client))).not.toBe(before);
  await database.query("rollback");
  expect(fingerprint(await readSnapshot(database.client))).toBe(before);
});
