import { describe, expect, it } from "vitest";
import { findBreak } from "../../src/journal/chain.js";
import { openTarget, type OpenTarget } from "../../src/postgres/session/open-target.js";
import { append, readChain } from "../../src/postgres/ledger/ledger.js";
import { withSession } from "../../src/postgres/session/session.js";
import { appliedOn, columnsOf, kindsOn } from "../cli/fixture.js";
import { expectBelay } from "../support/cli.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { endOf, holdTable, kill, waitsForLock } from "../world/watch.js";
import { changeId, directions, journey, sessionsOfOurs } from "./journey.js";

const halves = {
  up: "ALTER TABLE tasks ADD COLUMN model text;",
  down: "ALTER TABLE tasks DROP COLUMN model;",
};
const lock = { budget: "60s", patience: "120s" };

async function chainOf({ url }: FreshDatabase): Promise<unknown> {
  return withSession(url, { applicationName: "test" }, async (session) => findBreak(await readChain(session)));
}

async function endSessions({ query }: FreshDatabase, like: string): Promise<void> {
  await query(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE $1",
    [like],
  );
}

async function operate(url: string, actor: string): Promise<OpenTarget> {
  const settings = { name: "main", searchPath: "public", rollout: null, operatorPatienceMs: 1_000 };
  return openTarget({ ...settings, url, actor, note: () => undefined });
}

describe("D5: the operator is gone", () => {
  it.each(directions)(
    "one whose process died is taken over by the next command, without a person: %s",
    async (direction) => {
      const made = await journey(direction, halves, { lock });
      const holder = await holdTable(made.database.url, "tasks", "ACCESS SHARE");
      const running = made.start();
      expect(await waitsForLock(made.database.client, endOf(running))).toBe(true);
      await kill(running);
      await holder.release();
      await expectBelay(made.made, 0, made.command);
      expect(await appliedOn(made.database)).toEqual(direction === "up" ? [changeId] : []);
    },
  );

  it.each(directions)(
    "one that slept while another took over cannot write when it wakes up, and says so: %s",
    async (direction) => {
      const made = await journey(direction, halves, { lock });
      const holder = await holdTable(made.database.url, "tasks", "ACCESS SHARE");
      const sleeper = made.start();
      expect(await waitsForLock(made.database.client, endOf(sleeper))).toBe(true);
      sleeper.kill("SIGSTOP");
      await endSessions(made.database, "belay/%/operator");
      await holder.release();
      await expectBelay(made.made, 0, made.command);
      const before = await kindsOn(made.database);
      sleeper.kill("SIGCONT");
      const { exitCode, stderr } = await sleeper.result;
      // It finds the work done by the other one, or that somebody else is the operator.
      expect(`${exitCode} ${stderr}`).toMatch(/^[035] /);
      expect(stderr).toMatch(/the connection was lost|no longer the operator/);
      const kinds = await kindsOn(made.database, changeId);
      expect(kinds.filter((kind) => kind === (direction === "up" ? "applied" : "reverted"))).toHaveLength(1);
      expect((await kindsOn(made.database)).slice(0, before.length)).toEqual(before);
      expect((await columnsOf(made.database, "tasks")).includes("model")).toBe(direction === "up");
      expect(await chainOf(made.database)).toBeNull();
      expect(await sessionsOfOurs(made.database)).toBe(0);
    },
  );

  it("the ledger refuses an entry of an operator that was taken over, with SQLSTATE BE009, and takes none with it", async () => {
    const database = await freshDatabase("fenced");
    try {
      const first = await operate(database.url, "first@here");
      // Its lock is given away behind its back, as when a pooler or a failover ends the session that held it.
      await first.operator.query("SELECT pg_advisory_unlock_all()");
      const second = await operate(database.url, "second@there").catch(async (thrown: unknown) => {
        await first.close();
        throw thrown;
      });
      expect(second.operator.epoch).toBeGreaterThan(first.operator.epoch ?? 0);
      const before = await kindsOn(database);
      const late = await operate(database.url, "third@there").catch((thrown: unknown) => thrown);
      expect(late).toMatchObject({ code: "operator-busy" });
      const epoch = first.operator.epoch;
      await withSession(database.url, { applicationName: "belay-late" }, async (session) => {
        await session.claim(epoch ?? 0);
        await session.query("BEGIN");
        await session.query("CREATE TABLE of_the_late (id int)");
        await expect(append(session, "released", { actor: "first@here" }, { reason: "late" })).rejects.toMatchObject({
          code: "operator-lost",
          cause: { code: "BE009" },
          message: expect.stringContaining("second@there"),
        });
        await session.query("ROLLBACK");
      });
      expect(await kindsOn(database)).toEqual(before);
      expect(await columnsOf(database, "of_the_late")).toEqual([]);
      await Promise.all([first.close(), second.close()]);
    } finally {
      await database.drop();
    }
  });
});
