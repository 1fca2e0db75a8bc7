import { afterAll, beforeAll, expect, test } from "vitest";
import { createMissingRoles, rolesNamed } from "../../src/postgres/catalog/roles.js";
import { snapshotOf } from "../../src/snapshot/snapshot.js";
import { type FreshDatabase, freshDatabase } from "../support/database.js";

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase("roles");
});
afterAll(() => database.drop());

test("every role that a snapshot names is found: owners, grantees, grantors, policies, mappings and defaults", () => {
  const snapshot = snapshotOf({
    "table public.t": {
      owner: "owner",
      privileges: { public: { SELECT: "granted" }, eve: { "SELECT by bob": "granted" } },
    },
    "column public.t.id": { identity: { privileges: { sue: { USAGE: "granted" } } } },
    "policy public.t.p": { roles: ["pam"] },
    "user mapping uma.server": {},
    "default privileges dan.public.tables": { privileges: { liz: { SELECT: "granted" } } },
  });
  expect(rolesNamed(snapshot)).toEqual(["bob", "dan", "eve", "liz", "owner", "pam", "sue", "uma"]);
});

test("roles that are missing are made without the right to log in, those that exist are left alone", async () => {
  await database.query("begin");
  await database.query("create role roles_known login");
  expect(await createMissingRoles(database.client, ["roles_known", "roles 'new"])).toEqual(["roles 'new"]);
  expect(
    await database.query("select rolname, rolcanlogin from pg_roles where rolname like 'roles%' order by 1"),
  ).toEqual([
    { rolname: "roles 'new", rolcanlogin: false },
    { rolname: "roles_known", rolcanlogin: true },
  ]);
  await database.query("rollback");
});
