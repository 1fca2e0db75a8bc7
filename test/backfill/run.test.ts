import { expect, test } from "vitest";
import { expectBelay } from "../support/cli.js";
import { backfill, backfillId, countsOf, exact, tasks } from "./world.js";

test("a batched statement writes each row once, there and back, and leaves no watermark", async () => {
  const made = await backfill(exact, tasks(5000));
  const { query } = made.database("main");
  await expectBelay(made, 0, ["build"]);
  await expectBelay(made, 0, ["rollout", "--yes"]);
  expect(await countsOf(made)).toEqual({ 100: 5000 });
  const passed = await query("SELECT body FROM belay.journal WHERE kind = 'batches-passed'");
  expect(passed).toMatchObject([{ body: { seenRows: 5000, changedRows: 5000, finished: true } }]);
  expect(await query("SELECT * FROM belay.watermark")).toEqual([]);
  await expectBelay(made, 0, ["revert", backfillId, "--yes"]);
  expect(await countsOf(made)).toEqual({ 0: 5000 });
  expect(await query("SELECT * FROM belay.watermark")).toEqual([]);
});
