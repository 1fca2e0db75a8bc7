import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSnapshot } from "../../src/postgres/catalog/read-snapshot.js";
import { trackCatalog } from "../../src/postgres/catalog/tracked-catalog.js";
import { differences } from "../../src/snapshot/difference.js";
import { snapshotOf } from "../../src/snapshot/snapshot.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";

let database: FreshDatabase;
let reader: pg.Client;

beforeAll(async () => {
  database = await freshDatabase("tracked_cases");
  reader = new pg.Client({ connectionString: database.url });
  await reader.connect();
});

afterAll(async () => {
  await reader.end();
  await database.drop();
});

/** What was there, and what happened one after the other, with a look after each. */
interface Case {
  readonly name: string;
  readonly before: string;
  readonly after: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: "the comment that PostgreSQL itself gave its language goes",
    before: "",
    after: ["COMMENT ON EXTENSION plpgsql IS NULL", "COMMENT ON EXTENSION plpgsql IS 'ours'"],
  },
  {
    name: "a comment on a system catalog comes as one on a table goes",
    before: "CREATE TABLE a.t (id int); COMMENT ON TABLE a.t IS 'told'",
    after: ["COMMENT ON TABLE pg_catalog.pg_index IS 'ours'; COMMENT ON TABLE a.t IS NULL"],
  },
  {
    name: "a comment on a system catalog comes before one on a table goes",
    before: "CREATE TABLE a.t (id int); COMMENT ON TABLE a.t IS 'told'",
    after: ["COMMENT ON TABLE pg_catalog.pg_attrdef IS 'ours'", "COMMENT ON TABLE a.t IS NULL"],
  },
  {
    name: "an enum that is the state of an aggregate, and not its result, gets another name",
    before: `CREATE TYPE a.mood AS ENUM ('sad', 'glad'); CREATE FUNCTION a.later(a.mood, int) RETURNS a.mood LANGUAGE sql RETURN $1;
      CREATE FUNCTION a.told(a.mood) RETURNS int LANGUAGE sql RETURN 1; CREATE AGGREGATE a.last(int) (sfunc = a.later, stype = a.mood, finalfunc = a.told)`,
    after: ["ALTER TYPE a.mood RENAME TO feeling"],
  },
  {
    name: "a table whose rows are the state of an aggregate, and not its result, gets another name, and another schema",
    before: `CREATE TABLE a.t (id int); CREATE FUNCTION a.later(a.t, int) RETURNS a.t LANGUAGE sql RETURN $1;
      CREATE FUNCTION a.told(a.t) RETURNS int LANGUAGE sql RETURN 1; CREATE AGGREGATE a.last(int) (sfunc = a.later, stype = a.t, finalfunc = a.told)`,
    after: ["ALTER TABLE a.t RENAME TO u", "ALTER TABLE a.u SET SCHEMA b"],
  },
  {
    name: "what a domain, a policy and statistics are made of gets another name",
    before: `CREATE FUNCTION a.fits(int) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN true; CREATE DOMAIN a.small AS int CHECK (a.fits(VALUE));
      CREATE TABLE a.t (id a.small, ids a.small[]); CREATE POLICY p ON a.t USING (a.fits(id)); CREATE STATISTICS a.s ON (a.fits(id)), id FROM a.t;
      CREATE PUBLICATION tracked_cases FOR TABLE a.t (id)`,
    after: [
      "ALTER FUNCTION a.fits RENAME TO holds",
      "ALTER DOMAIN a.small RENAME TO little",
      "ALTER TABLE a.t RENAME id TO n",
    ],
  },
];

test.each(cases)("read on is what a full look finds: $name", async ({ before, after }) => {
  await database.query(
    `DROP PUBLICATION IF EXISTS tracked_cases; DROP SCHEMA IF EXISTS a, b CASCADE; CREATE SCHEMA a; CREATE SCHEMA b; ${before}`,
  );
  const tracked = trackCatalog(reader);
  await tracked.refresh();
  for (const statement of after) {
    await database.query(statement);
    await tracked.refresh();
    const full = await readSnapshot(reader);
    expect({ statement, found: differences(full, snapshotOf(Object.fromEntries(tracked.objects))) }).toEqual({
      statement,
      found: [],
    });
  }
});
