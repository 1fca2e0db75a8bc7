import { describe, expect, it } from "vitest";
import { findBreak } from "../../src/journal/chain.js";
import { readChain } from "../../src/postgres/ledger/ledger.js";
import { withSession } from "../../src/postgres/session/session.js";
import { appliedOn, kindsOn } from "../cli/fixture.js";
import { expectBelay, startBelay, type BelayResult } from "../support/cli.js";
import type { FreshDatabase } from "../support/database.js";
import { endOf, holdTable, waitsForLock } from "../world/watch.js";
import { changeId, journey, sessionsOfOurs, type Journey } from "./journey.js";

const halves = {
  up: "ALTER TABLE tasks ADD COLUMN model text;",
  down: "ALTER TABLE tasks DROP COLUMN model;",
};
/** Whoever acts waits for the table as long as the test holds it. */
const lock = { budget: "60s", patience: "120s" };

/** Starts a rollout that is at work, waiting for a table, until it is let go. */
async function busy(made: Journey): Promise<{ release(): Promise<void>; readonly result: Promise<BelayResult> }> {
  const holder = await holdTable(made.database.url, "tasks", "ACCESS SHARE");
  const running = made.start();
  expect(await waitsForLock(made.database.client, endOf(running))).toBe(true);
  return { release: () => holder.release(), result: running.result };
}

async function chainOf({ url }: FreshDatabase): Promise<unknown> {
  return withSession(url, { applicationName: "test" }, async (session) => findBreak(await readChain(session)));
}

/** Who holds the target, since when, from where and as which process. */
const holder =
  /somebody else is at work there\. \S+@\S+: \S+ from \S+, as belay\/\S+, process \d+, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/;

describe("D7: two operators at the same moment", () => {
  // The second one waits some seconds for the first: these do so together.
  it.concurrent.each([
    ["rollout", "--yes"],
    ["revert", changeId, "--yes"],
    ["revert", "--last", "--yes"],
  ])("a second one (%s %s) touches nothing, and says who is at work, since when and from where", async (...args) => {
    const made = await journey("up", halves, { lock });
    const first = await busy(made);
    const second = await expectBelay(made.made, 3, args);
    expect(second.stderr).toMatch(holder);
    await first.release();
    expect(await first.result).toMatchObject({ exitCode: 0 });
    expect(await appliedOn(made.database)).toEqual([changeId]);
    expect(await chainOf(made.database)).toBeNull();
  });

  it.concurrent("a rollout beside a revert touches nothing, and says who is at work", async () => {
    const made = await journey("down", halves, { lock });
    const first = await busy(made);
    const second = await expectBelay(made.made, 3, ["rollout", "--yes"]);
    expect(second.stderr).toMatch(holder);
    await first.release();
    expect(await first.result).toMatchObject({ exitCode: 0 });
    expect(await appliedOn(made.database)).toEqual([]);
    expect(await chainOf(made.database)).toBeNull();
  });

  it("six processes that create the ledger at once make one, and apply the change once", async () => {
    const made = await journey("up", halves, { lock });
    const six = Array.from({ length: 6 }, () => startBelay(made.made, ["rollout", "--yes"]));
    const results = await Promise.all(six.map(({ result }) => result));
    const refusals: string[] = [];
    for (const { exitCode, stderr } of results) {
      expect(`${exitCode} ${stderr}`).toMatch(/^[03] /);
      if (exitCode === 3) refusals.push(stderr);
    }
    expect(refusals.filter((said) => !holder.test(said) && !said.includes("It was released this moment"))).toEqual([]);
    const kinds = await kindsOn(made.database);
    for (const once of ["ledger-created", "rollout-started", "applied", "rollout-ended"])
      expect(kinds.filter((kind) => kind === once)).toHaveLength(1);
    expect(await chainOf(made.database)).toBeNull();
    expect(await sessionsOfOurs(made.database)).toBe(0);
  });
});
