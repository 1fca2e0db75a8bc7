import { describe, expect, it } from "vitest";
import { columnsOf, kindsOn } from "../cli/fixture.js";
import { drawLine, type Line } from "../world/line.js";
import { changeId, directions, journey, type Direction, type Journey } from "./journey.js";

const halves = {
  up: "ALTER TABLE tasks ADD COLUMN model text;",
  down: "ALTER TABLE tasks DROP COLUMN model;",
};

/** On the way up the ledger is made first, in a transaction of its own. */
const commits = { up: 2, down: 1 };

/** Runs the command over a line on which its change's COMMIT meets its fate. */
async function over(made: Journey, befall: (line: Line) => void): Promise<{ stderr: string; exitCode: number }> {
  const line = await drawLine(Number(new URL(made.database.url).port));
  try {
    await made.through(line.port);
    befall(line);
    const result = await made.start().result;
    expect(line.lost()).toBe(1);
    return result;
  } finally {
    await line.close();
  }
}

async function isThere({ database }: Journey): Promise<boolean> {
  return (await columnsOf(database, "tasks")).includes("model");
}

const recordedAs = { up: "applied", down: "reverted" };

/** How often the ledger says that the change went its way. */
async function recorded({ database }: Journey, direction: Direction): Promise<number> {
  return (await kindsOn(database, changeId)).filter((kind) => kind === recordedAs[direction]).length;
}

describe("D3: the connection drops at COMMIT", () => {
  it.each(directions)("a COMMIT whose answer is lost counts as done, and is not done again: %s", async (direction) => {
    const made = await journey(direction, halves);
    const { exitCode, stderr } = await over(made, (line) => line.loseCommitAnswer(commits[direction]));
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(new RegExp(`COMMIT of ${changeId} was lost: its transaction \\d+ is committed`));
    expect(await isThere(made)).toBe(direction === "up");
    expect(await recorded(made, direction)).toBe(1);
  });

  it.each(directions)("a COMMIT that never arrived counts as not done, and is done again: %s", async (direction) => {
    const made = await journey(direction, halves);
    const { exitCode, stderr } = await over(made, (line) => line.cutBeforeCommit(commits[direction]));
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(new RegExp(`COMMIT of ${changeId} was lost: its transaction \\d+ did not take place`));
    expect(await isThere(made)).toBe(direction === "up");
    expect(await recorded(made, direction)).toBe(1);
  });
});
