import { afterAll, beforeAll, expect, test } from "vitest";
import { readSnapshot } from "../../src/postgres/catalog/read-snapshot.js";
import { rebuildCatalog } from "../../src/postgres/catalog/rebuild.js";
import { differences } from "../../src/snapshot/difference.js";
import { fingerprint } from "../../src/snapshot/snapshot.js";
import { type FreshDatabase, freshDatabase } from "../support/database.js";
import { richSchema } from "./rich-schema.js";

const anna = "rebuild_anna";
const bob = '"rebuild bob"';
const databases: FreshDatabase[] = [];

async function database(name: string): Promise<FreshDatabase> {
  const fresh = await freshDatabase(name);
  databases.push(fresh);
  return fresh;
}

beforeAll(async () => {
  const server = await database("rebuild_roles");
  await server.query(`drop role if exists ${anna}, ${bob}; create role ${anna}; create role ${bob}`);
});

afterAll(async () => {
  const [server, ...others] = databases;
  for (const one of others) await one.drop();
  await server?.query(`drop role if exists ${anna}, ${bob}`);
  await server?.drop();
});

test("a rich catalog is rebuilt in an empty database with the same fingerprint", async () => {
  const source = await database("rich");
  await source.query(richSchema(anna, bob));
  const destination = await database("rich_copy");
  const { fingerprint: found } = await rebuildCatalog(source.client, destination.client);
  const original = await readSnapshot(source.client);
  expect(found).toBe(fingerprint(original));
  expect(differences(original, await readSnapshot(destination.client))).toEqual([]);
  expect(Object.keys(original.objects).length).toBeGreaterThan(150);
});

test("a copy of a copy is the same again", async () => {
  const [, , copy] = databases;
  const again = await database("rich_again");
  if (copy === undefined) throw new TypeError("the copy of the test before is missing");
  const { fingerprint: found } = await rebuildCatalog(copy.client, again.client);
  expect(found).toBe(fingerprint(await readSnapshot(copy.client)));
});

test("what an empty database brings along and the source does not have is removed", async () => {
  const source = await database("bare");
  await source.query("drop schema public");
  const destination = await database("bare_copy");
  await rebuildCatalog(source.client, destination.client);
  expect(await destination.query("select from pg_namespace where nspname = 'public'")).toEqual([]);
});

test.for([
  "revoke all on schema public from public; comment on schema public is null",
  "alter schema public owner to current_user; grant create on schema public to public",
  `grant all on schema public to ${anna} with grant option`,
])("the schema public is copied as it is after: %s", async (change) => {
  const source = await database("public");
  await source.query(change);
  const destination = await database("public_copy");
  const { fingerprint: found } = await rebuildCatalog(source.client, destination.client);
  expect(found).toBe(fingerprint(await readSnapshot(source.client)));
});

test("an index that a failed concurrent build left invalid is invalid in the copy", async () => {
  const source = await database("invalid");
  await source.query("create table public.t (a int); insert into public.t values (1), (1)");
  await expect(source.query("create unique index concurrently broken on public.t (a)")).rejects.toThrow(
    "could not create",
  );
  const destination = await database("invalid_copy");
  const { snapshot } = await rebuildCatalog(source.client, destination.client);
  expect(snapshot.objects["index public.broken"]).toMatchObject({ invalid: true });
});

test("views that are named before what they stand on are made after it", async () => {
  const source = await database("order");
  await source.query(`create table public.z (a int); create view public.y as select * from public.z;
    create view public.a as select * from public.y; create function public.b(public.a) returns int language sql as 'select 1';
    create view public.aa as select public.b(x) from public.a as x; create materialized view public.a0 as select * from public.aa`);
  const destination = await database("order_copy");
  await expect(rebuildCatalog(source.client, destination.client)).resolves.toHaveProperty("fingerprint");
});

test("the data of the source is not copied, and the position of a sequence is no part of the catalog", async () => {
  const source = await database("data");
  await source.query("create table public.t (id serial); insert into public.t select from generate_series(1, 5)");
  const before = fingerprint(await readSnapshot(source.client));
  const destination = await database("data_copy");
  const copied = await rebuildCatalog(source.client, destination.client);
  expect(copied.fingerprint).toBe(before);
  expect(await destination.query("select * from public.t")).toEqual([]);
});

test("what cannot be copied is refused by name, with the reason", async () => {
  const source = await database("exotic");
  await source.query(`create table public.fine (a int);
    create operator family public.odd using btree; create operator class public.odd for type int using btree family public.odd as operator 1 <`);
  const destination = await database("exotic_copy");
  await expect(rebuildCatalog(source.client, destination.client)).rejects.toMatchObject({
    kind: "refused",
    code: "scratch-copy-incomplete",
    message: expect.stringMatching(/operator class public\.odd\.btree was expected and is missing/) as string,
  });
});

test("event triggers of the source do not fire while its copy is made", async () => {
  const source = await database("event");
  await source.query(`create table public.log (what text);
    create function public.note() returns event_trigger language plpgsql as $$ begin insert into public.log values (tg_tag); end $$;
    create event trigger note on ddl_command_end execute function public.note();
    create table public.zz (a int)`);
  const destination = await database("event_copy");
  await rebuildCatalog(source.client, destination.client);
  expect(await destination.query("select * from public.log")).toEqual([]);
});
