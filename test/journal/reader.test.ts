import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findBreak } from "../../src/journal/chain.js";
import { readArtifact, storedArtifact } from "../../src/postgres/ledger/artifacts.js";
import { append, ensureLedger, readChain } from "../../src/postgres/ledger/ledger.js";
import { lastReadTarget, readEntries, readRollout, readTarget } from "../../src/postgres/ledger/reader.js";
import { openSession, type Session } from "../../src/postgres/session/session.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";

let database: FreshDatabase;
let session: Session;

beforeEach(async () => {
  database = await freshDatabase("reader");
  session = await openSession(database.url, { applicationName: "test" });
});

afterEach(async () => {
  await session.close();
  await database.drop();
});

const reason = { reason: "r" };
const body = { title: "T", digest: "d", requires: [], before: "0", met: [], durationMs: 1, irreversible: null };
const sealed = { sql: "DROP TABLE t;\n\\echo 'ü'\n", manifest: { change: "c", steps: ["ü\n"] } };

async function changesSeenBy(one: Session): Promise<readonly (string | null)[]> {
  return (await readEntries(one)).map(({ change }) => change);
}

describe("a session that reads the journal", () => {
  it("finds nothing where there is no ledger, and what is there once there is one", async () => {
    expect(await readEntries(session)).toEqual([]);
    await session.query("BEGIN");
    expect(await readEntries(session)).toEqual([]);
    expect(await session.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await session.query("ROLLBACK");
    await ensureLedger(session, "ada");
    expect(await readEntries(session)).toHaveLength(1);
  });

  it("asks only for what was appended since, and sees at once what others append", async () => {
    await ensureLedger(session, "ada");
    for (const change of ["one", "two", "three"]) await append(session, "released", { change, actor: "ada" }, reason);
    await readEntries(session);
    await database.query("SELECT belay.append('pause-requested', 'r', NULL, 'eve', '{}')");
    const asked: number[] = [];
    const query = session.client.query.bind(session.client);
    session.client.query = (async (...given: Parameters<typeof query>) => {
      const result = (await (query as (...all: unknown[]) => Promise<{ rowCount: number }>)(...given)) as never;
      asked.push((result as { rowCount: number }).rowCount);
      return result;
    }) as never;
    expect((await readRollout(session, "r")).entries.map(({ kind }) => kind)).toEqual(["pause-requested"]);
    // The entry that was read last, and the one that is new.
    expect(asked).toEqual([2]);
  });

  it("forgets what it read within a transaction that was rolled back", async () => {
    await ensureLedger(session, "ada");
    await session.query("BEGIN");
    await append(session, "released", { change: "gone", actor: "ada" }, reason);
    expect(await changesSeenBy(session)).toContain("gone");
    await session.query("ROLLBACK");
    expect(await changesSeenBy(session)).not.toContain("gone");
    await append(session, "released", { change: "stays", actor: "ada" }, reason);
    expect(await changesSeenBy(session)).toEqual([null, "stays"]);
  });

  it("begins anew where another ledger lies in its place", async () => {
    await ensureLedger(session, "ada");
    await append(session, "applied", { change: "old", actor: "ada" }, body);
    expect((await readTarget(session)).applied).toHaveLength(1);
    await database.query("DROP SCHEMA belay CASCADE");
    expect((await readTarget(session)).applied).toEqual([]);
    await ensureLedger(session, "ada");
    for (const change of ["a", "b", "c"]) await append(session, "applied", { change, actor: "ada" }, body);
    expect((await readTarget(session)).applied.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect((await lastReadTarget(session)).applied).toHaveLength(3);
  });
});

describe("an artifact in the ledger", () => {
  const artifact = storedArtifact(sealed);
  const about = { change: "c", actor: "ada" };

  it("lies there once, however many entries name it, and comes back as it was", async () => {
    await ensureLedger(session, "ada");
    const begun = { direction: "up", digest: "d", sections: 1, before: "0", artifact: artifact.hash } as const;
    await append(session, "change-started", about, begun, artifact);
    await append(session, "applied", about, { ...body, artifact: artifact.hash }, artifact);
    expect(await database.query("SELECT count(*)::int AS n FROM belay.artifact")).toEqual([{ n: 1 }]);
    expect(await readArtifact(session, "c")).toEqual(sealed);
    expect(await readArtifact(session, "another")).toBeNull();
    expect(findBreak(await readChain(session))).toBeNull();
  });

  it("is refused where somebody has put another one under its hash", async () => {
    await ensureLedger(session, "ada");
    await append(session, "applied", about, { ...body, artifact: artifact.hash }, artifact);
    await expect(database.query("UPDATE belay.artifact SET sql = 'DROP TABLE u'")).rejects.toThrow("append-only");
    await database.query("ALTER TABLE belay.artifact DISABLE TRIGGER ALL");
    await expect(database.query("UPDATE belay.artifact SET sql = 'DROP TABLE u'")).rejects.toThrow("check constraint");
    await database.query("ALTER TABLE belay.artifact DROP CONSTRAINT artifact_check");
    await database.query("UPDATE belay.artifact SET sql = 'DROP TABLE u'");
    await expect(readArtifact(session, "c")).rejects.toMatchObject({ code: "artifact-edited" });
  });

  it("that version 1 wrote into its entry is read as well, before the ledger is brought up to date and after", async () => {
    await database.query(await readFile(new URL("fixtures/ledger-1.sql", import.meta.url), "utf8"));
    const old = JSON.stringify({ ...body, artifact: sealed });
    await database.query("SELECT belay.append('applied', NULL, 'c', 'ada', $1)", [old]);
    for (const upgraded of [false, true]) {
      if (upgraded) await ensureLedger(session, "ada");
      expect(await readArtifact(session, "c")).toEqual(sealed);
      const [applied] = (await readTarget(session)).applied;
      expect(applied).toMatchObject({ id: "c", digest: "d" });
      expect(applied).not.toHaveProperty("artifact");
    }
    await append(session, "applied", about, { ...body, artifact: artifact.hash }, artifact);
    expect(await readArtifact(session, "c")).toEqual(sealed);
    expect(findBreak(await readChain(session))).toBeNull();
  });
});
