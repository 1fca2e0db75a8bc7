import { expect } from "vitest";
import { runCell, type Cell } from "./cell.js";
import { titleOf } from "./cells.js";
import type { Site } from "./site.js";

/** A cell takes about a second; one that does not end is a fault. */
const cellLimitMs = 60_000;

/** Runs cells one after the other, prints how many there were, and expects that none went wrong. */
export async function runCells(site: Site, cells: readonly Cell[], what: string): Promise<void> {
  const wrong: string[] = [];
  for (const cell of cells) {
    const faults = await within(cellLimitMs, runCell(site, cell)).catch((thrown: unknown) => [String(thrown)]);
    if (faults.length === 0) continue;
    wrong.push([titleOf(cell), ...faults].join("\n  "));
    process.stdout.write(`${wrong.at(-1)}\n`);
  }
  process.stdout.write(`${what}: ran ${cells.length} cells\n`);
  expect(wrong.join("\n")).toBe("");
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not over after ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
