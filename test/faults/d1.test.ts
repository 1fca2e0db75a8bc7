import { describe, expect, it } from "vitest";
import { columnsOf } from "../cli/fixture.js";
import { expectBelay } from "../support/cli.js";
import { drawLine } from "../world/line.js";
import { connect, until } from "../world/server.js";
import { endOf, holdTable, kill, waitsForLock } from "../world/watch.js";
import { directions, journey, sessionsOfOurs, type Journey } from "./journey.js";

/** Nobody can tell beforehand what a block locks: it waits in the midst of its work, and for as long as the budget allows. */
const halves = {
  up: "DO $$ BEGIN EXECUTE 'ALTER TABLE tasks ADD COLUMN model text'; END $$;",
  down: "DO $$ BEGIN EXECUTE 'ALTER TABLE tasks DROP COLUMN model'; END $$;",
};
const lock = { budget: "60s", patience: "120s" };

/** Kills the command while its definition waits for a lock that a reader holds. */
async function killWaiting({ start, database }: Journey): Promise<{ release(): Promise<void> }> {
  const holder = await holdTable(database.url, "tasks", "ACCESS SHARE");
  const running = start();
  expect(await waitsForLock(database.client, endOf(running))).toBe(true);
  await kill(running);
  return holder;
}

const there = { up: false, down: true };

describe("D1: SIGKILL while our DDL waits for a lock", () => {
  it.each(directions)("its session ends by itself, lets readers pass, and never applies it: %s", async (direction) => {
    const made = await journey(direction, halves, { lock });
    const holder = await killWaiting(made);
    const reader = await connect(made.database.url);
    // It queued behind the lock that was asked for, and is answered while the first reader still has the table.
    await reader.query("SELECT count(*) FROM tasks");
    await reader.end();
    expect(await until(async () => (await sessionsOfOurs(made.database)) === 0)).toBe(true);
    await holder.release();
    expect((await columnsOf(made.database, "tasks")).includes("model")).toBe(there[direction]);
    await expectBelay(made.made, 0, made.command);
    expect((await columnsOf(made.database, "tasks")).includes("model")).toBe(!there[direction]);
  });

  it.each(directions)(
    "one whose death the server did not notice is ended by the next command: %s",
    async (direction) => {
      const made = await journey(direction, halves, { lock });
      const line = await drawLine(Number(new URL(made.database.url).port));
      try {
        await made.through(line.port);
        line.hideDeaths();
        const holder = await killWaiting(made);
        const next = made.start();
        await until(async () => next.stderr().includes("ended an orphaned session"), endOf(next));
        expect((await columnsOf(made.database, "tasks")).includes("model")).toBe(there[direction]);
        await holder.release();
        expect(await next.result).toMatchObject({ exitCode: 0 });
        expect(next.stderr()).toMatch(/ended an orphaned session of an interrupted run: process \d+, belay\//);
        expect((await columnsOf(made.database, "tasks")).includes("model")).toBe(!there[direction]);
      } finally {
        await line.close();
      }
    },
  );
});
