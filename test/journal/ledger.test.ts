import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBreak } from "../../src/journal/chain.js";
import { append, ensureLedger, readChain } from "../../src/postgres/ledger/ledger.js";
import { openSession, type Session } from "../../src/postgres/session/session.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";

let database: FreshDatabase;
let session: Session;

beforeAll(async () => {
  database = await freshDatabase("ledger");
  session = await openSession(database.url, { applicationName: "test" });
  await ensureLedger(session, "ada");
});

afterAll(async () => {
  await session.close();
  await database.drop();
});

async function count(): Promise<number> {
  return Number((await database.query("SELECT count(*) AS n FROM belay.journal"))[0]?.["n"]);
}

describe("the ledger", () => {
  it("is made once: making it again writes nothing", async () => {
    const before = await count();
    await ensureLedger(session, "ada");
    expect(await count()).toBe(before);
  });

  it.each([
    "UPDATE belay.journal SET actor = 'eve'",
    "UPDATE belay.journal SET actor = 'eve' WHERE false",
    "DELETE FROM belay.journal",
    "TRUNCATE belay.journal",
    "INSERT INTO belay.journal SELECT * FROM belay.journal ON CONFLICT (seq) DO UPDATE SET actor = 'eve'",
    "MERGE INTO belay.journal j USING (SELECT 1 AS seq) s ON j.seq = s.seq WHEN MATCHED THEN DELETE",
  ])("is append-only: %s is refused", async (sql) => {
    const before = await readChain(session);
    await expect(database.query(sql)).rejects.toThrow("append-only");
    expect(await readChain(session)).toEqual(before);
  });

  it("is without a gap and whole when six sessions append at once", async () => {
    const clients = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const client = new pg.Client({ connectionString: database.url });
        await client.connect();
        return client;
      }),
    );
    const before = await count();
    await Promise.all(
      clients.map(async (client, who) => {
        for (let n = 0; n < 20; n += 1) {
          // Some give up: what is rolled back leaves no gap.
          await client.query("BEGIN");
          await client.query("SELECT belay.append('released', NULL, $1, $2, $3)", [
            `c${n}`,
            `w${who}`,
            { reason: "ü\n" },
          ]);
          await client.query(n % 5 === 0 ? "ROLLBACK" : "COMMIT");
        }
      }),
    );
    await Promise.all(clients.map((client) => client.end()));
    expect(await count()).toBe(before + 6 * 16);
    expect(findBreak(await readChain(session))).toBeNull();
  });

  it("commits an entry together with the DDL of its transaction, or neither", async () => {
    const before = await count();
    await session.query("BEGIN");
    await session.query("CREATE TABLE with_entry ()");
    await append(session, "released", { change: "x", actor: "ada" }, { reason: "r" });
    await session.query("ROLLBACK");
    expect(await count()).toBe(before);
    expect(await database.query("SELECT to_regclass('with_entry') AS made")).toEqual([{ made: null }]);
  });

  it("shows a row that was changed by somebody who went round the trigger, and names it", async () => {
    const whole = await readChain(session);
    const { seq } = whole[3] ?? { seq: 0 };
    await session.query("BEGIN");
    await session.query("ALTER TABLE belay.journal DISABLE TRIGGER ALL");
    await session.query(`UPDATE belay.journal SET actor = 'eve' WHERE seq = ${seq}`);
    expect(findBreak(await readChain(session))).toEqual({ seq, why: `entry ${seq} was changed after it was written` });
    await session.query(`DELETE FROM belay.journal WHERE seq = ${seq}`);
    expect(findBreak(await readChain(session))).toMatchObject({ seq });
    await session.query("ROLLBACK");
    expect(findBreak(await readChain(session))).toBeNull();
  });

  it("shows what is live in belay.applied, as any SQL client reads it", async () => {
    const body = { title: "T", digest: "d", requires: [], before: "0", met: [], durationMs: 1, irreversible: null };
    await append(session, "applied", { change: "one", rollout: "r", actor: "ada" }, body);
    await append(session, "applied", { change: "two", rollout: "r", actor: "ada" }, body);
    await append(session, "reverted", { change: "one", actor: "ada" }, { digest: "d", reason: "" });
    const rows = await database.query("SELECT id, title, applied_by, rollout, digest FROM belay.applied");
    expect(rows).toEqual([{ id: "two", title: "T", applied_by: "ada", rollout: "r", digest: "d" }]);
    await append(session, "applied", { change: "one", rollout: "s", actor: "ada" }, body);
    const order = await database.query("SELECT id, rollout FROM belay.applied");
    expect(order).toEqual([{ id: "two", rollout: "r" }, { id: "one", rollout: "s" }]); // prettier-ignore
  });

  it("that a newer Belay made is left alone", async () => {
    await session.query("BEGIN");
    await session.query(
      "CREATE OR REPLACE FUNCTION belay.version() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1000'",
    );
    await expect(ensureLedger(session, "ada")).rejects.toMatchObject({ code: "ledger-too-new", kind: "usage" });
    await session.query("ROLLBACK");
  });
});
