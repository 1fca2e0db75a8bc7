import { describe, expect, it } from "vitest";
import { expectBelay } from "../support/cli.js";
import { drawLine } from "../world/line.js";
import { endOf, kill, sessionWhere } from "../world/watch.js";
import { directions, hold, holding, journey, letGo, sessionsOfOurs, sumOf, type Journey } from "./journey.js";

const halves = { up: "UPDATE tasks SET n = n + 1000;", down: "UPDATE tasks SET n = n - 1000;" };
const sums = { up: 220_100, down: 20_100 };

/** Kills the command in the middle of its UPDATE. */
async function killWriting({ start, database }: Journey): Promise<void> {
  await hold(database);
  const running = start();
  expect(await sessionWhere(database.client, "wait_event = 'PgSleep'", endOf(running))).not.toBeNull();
  await kill(running);
}

describe("D2: SIGKILL in the middle of a long UPDATE", () => {
  describe.each(directions)("%s", (direction) => {
    it.each([["in one transaction"], ["each statement for itself", "transaction off"]])(
      "%s: where the UPDATE goes on after its client, no row is changed twice",
      async (_, ...head) => {
        const made = await journey(direction, halves, { schema: holding, head });
        await killWriting(made);
        await letGo(made.database);
        await expectBelay(made.made, 0, made.command);
        expect(await sumOf(made.database)).toBe(sums[direction]);
        expect(await sessionsOfOurs(made.database)).toBe(0);
      },
    );

    it("one that does not end, because its server did not notice, is ended before anything is judged", async () => {
      const made = await journey(direction, halves, { schema: holding });
      const line = await drawLine(Number(new URL(made.database.url).port));
      try {
        await made.through(line.port);
        line.hideDeaths();
        await killWriting(made);
        const { stderr } = await expectBelay(made.made, 0, made.command);
        expect(stderr).toMatch(/ended an orphaned session of an interrupted run: process \d+, .*UPDATE tasks/);
        expect(await sumOf(made.database)).toBe(sums[direction]);
      } finally {
        await line.close();
      }
    });
  });
});
