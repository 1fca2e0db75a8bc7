import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Strike } from "./cell.js";
import { allCells, allShapes } from "./cells.js";
import { runCells } from "./run.js";
import { makeSite, type Site } from "./site.js";

/** Every cell of the matrix with this strike. */
export function wholeMatrix(strike: Strike): void {
  describe(`D8, the whole matrix: ${strike}`, () => {
    let site: Site;

    beforeAll(async () => {
      site = await makeSite(allShapes);
    }, 300_000);
    afterAll(() => site.remove());

    it("leaves all or none after the next command", { timeout: 1_800_000 }, async () => {
      const cells = await allCells(site, [strike]);
      expect(cells.length).toBeGreaterThan(100);
      await runCells(site, cells, `D8, ${strike}`);
    });
  });
}
