import { afterAll, beforeAll, expect, test } from "vitest";
import { openSession, type Session } from "../../src/postgres/session/session.js";
import { baseSchema } from "../catalog/base-schema.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { alterations } from "./alterations.js";
import { wayBackFrom } from "./world.js";

let database: FreshDatabase;
let session: Session;
let version = 0;

beforeAll(async () => {
  database = await freshDatabase("derive");
  const roles = ["derive_anna", "derive_bob"].map(
    (role) => `do $$ begin create role ${role}; exception when duplicate_object then null; end $$;`,
  );
  await database.query(`${roles.join("\n")} ${baseSchema}`);
  session = await openSession(database.url, { applicationName: "test" });
  const [row] = await session.query<{ version: number }>(
    "select current_setting('server_version_num')::int / 10000 as version",
  );
  version = row?.version ?? 0;
});

afterAll(async () => {
  await session.close();
  await database.drop();
});

for (const [index, { change, setup, since = 14 }] of alterations.entries()) {
  const tags = index % 4 === 0 ? [] : ["whole"];
  test(`the way back is found from: ${change}`, { tags }, async ({ skip }) => {
    if (version < since) skip();
    const way = await wayBackFrom(session, change, setup);
    expect(way.refusals).toEqual([]);
    expect(way.statements.length).toBeGreaterThan(0);
  });
}
