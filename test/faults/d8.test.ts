import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { strikes } from "./matrix/cell.js";
import { allCells, allShapes, spread } from "./matrix/cells.js";
import { runCells } from "./matrix/run.js";
import { makeSite, type Site } from "./matrix/site.js";

/** Some cells of each kind; `npm run test:faults` runs every one. */
const count = 16;

describe("D8: a strike at any boundary of any statement, or inside of it", () => {
  let site: Site;

  beforeAll(async () => {
    site = await makeSite(allShapes);
  }, 300_000);
  afterAll(() => site.remove());

  it("leaves all or none after the next command", { timeout: 600_000 }, async () => {
    const cells = await allCells(site);
    const chosen = spread(cells, count);
    expect(new Set(chosen.map(({ strike }) => strike))).toEqual(new Set(strikes));
    await runCells(site, chosen, `D8, spread over ${cells.length}`);
  });
});
