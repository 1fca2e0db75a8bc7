import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findWay, type FoundWay } from "../../src/authoring/derive-way.js";
import { BelayError } from "../../src/errors.js";
import { readSide } from "../../src/postgres/catalog/read-side.js";
import { openSession, type Session } from "../../src/postgres/session/session.js";
import type { Side } from "../../src/snapshot/derive/side.js";
import { type Difference, differences } from "../../src/snapshot/difference.js";
import { beginning, statement } from "../catalog/ddl.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";

const numRuns = Number(process.env["BELAY_DERIVE_RUNS"] ?? 25);
const roles = ["tracked_anna", "tracked_bob"];

let database: FreshDatabase;
let session: Session;

beforeAll(async () => {
  database = await freshDatabase("derive_random");
  for (const role of roles)
    await database.query(`do $$ begin create role ${role}; exception when duplicate_object then null; end $$`);
  await database.query(beginning);
  session = await openSession(database.url, { applicationName: "test" });
});

afterAll(async () => {
  await session.close();
  await database.drop();
});

/** Those that fail, because of what is or is not there, leave nothing. */
async function run(statements: readonly string[]): Promise<void> {
  for (const sql of statements) {
    await session.query("SAVEPOINT one");
    try {
      await session.query(sql);
      await session.query("RELEASE one");
    } catch {
      await session.query("ROLLBACK TO one; RELEASE one");
    }
  }
}

/** What the server itself does not let be, whoever asks for it. */
const impossible = /uses its row type/;

async function wayTo(wanted: Side): Promise<Pick<FoundWay, "refusals">> {
  try {
    return await findWay(session, wanted);
  } catch (thrown) {
    if (thrown instanceof BelayError && impossible.test(thrown.message)) return { refusals: [thrown.message] };
    throw thrown;
  }
}

/** A column that was dropped from among others can only come back at the end, unless it was hidden. */
const isPlace = (difference: Difference): boolean =>
  difference.kind === "changed" && Object.keys(difference.expected).join() === "columns";

test("from any catalog to any other there is a way, or a reason that there is none", { timeout: 900_000 }, async () => {
  let [ways, refusals] = [0, 0];
  const statements = (maxLength: number): fc.Arbitrary<string[]> =>
    fc.array(statement, { minLength: 1, maxLength, size: "max" });
  await fc.assert(
    fc.asyncProperty(statements(30), statements(30), async (before, after) => {
      await session.query("BEGIN");
      try {
        await run(before);
        const wanted = await readSide(session.client);
        await run(after);
        const way = await wayTo(wanted);
        const isRefused = way.refusals.length > 0;
        if (isRefused) refusals += 1;
        else ways += 1;
        // Read anew: what was found is not to be believed.
        const { snapshot } = await readSide(session.client);
        const left = isRefused ? [] : differences(wanted.snapshot, snapshot);
        expect(left.filter((one) => !isPlace(one))).toEqual([]);
      } finally {
        await session.query("ROLLBACK");
      }
    }),
    { numRuns },
  );
  expect(ways).toBeGreaterThan(refusals * 4);
});
