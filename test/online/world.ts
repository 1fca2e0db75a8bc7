import { expect } from "vitest";
import { requireChangeId } from "../../src/change/change-id.js";
import { sqlChange } from "../../src/change/change.js";
import { parseHead } from "../../src/change/directives.js";
import type { OpenChange } from "../../src/journal/target-state.js";
import { build, type Built } from "../../src/postgres/build-plan.js";
import { readCatalog, type Catalog } from "../../src/postgres/ledger/record-catalog.js";
import { readTarget } from "../../src/postgres/ledger/reader.js";
import { applyChange } from "../../src/postgres/run/apply-change.js";
import { revertChange } from "../../src/postgres/run/revert-change.js";
import type { RunContext } from "../../src/postgres/run/run-context.js";
import { settleChange } from "../../src/postgres/run/settle-change.js";
import type { OpenTarget } from "../../src/postgres/session/open-target.js";
import type { Progress } from "../../src/progress.js";
import { describeDifference, differences } from "../../src/snapshot/difference.js";
import { defaultConfig } from "../../src/system/config/parse-config.js";
import { contextOf } from "../lock/world.js";

const why = { reason: "test", hold: false, directory: process.cwd() };

/** A change as its files make it. */
export async function changeOf(up: string, down: string): Promise<Built> {
  const id = requireChangeId("20260101000000_change", "test");
  const change = sqlChange({ id, directives: parseHead(up, "x.up.sql"), files: ["x.up.sql", "x.down.sql"] }, up, down);
  return build({ changes: [change], config: defaultConfig() }, change);
}

/** What befalls a run just before or just after one of its statements, as if the process had died there. */
class Cut extends Error {}

type Where = (event: Extract<Progress, { kind: "step-started" | "step-done" }>) => boolean;

function cutting(target: OpenTarget, direction: RunContext["direction"], isHere: Where): RunContext {
  const report = (event: Progress): void => {
    if ((event.kind === "step-started" || event.kind === "step-done") && isHere(event)) throw new Cut();
  };
  return { ...contextOf(target), direction, report };
}

/** Applies the change, or goes on with it; `cutAt` is the number of the event at which it is cut off. Gives how many events there were, and whether it came through. */
export async function up(
  target: OpenTarget,
  built: Built,
  cutAt: number | null = null,
): Promise<{ readonly events: number; readonly whole: boolean }> {
  let events = 0;
  const context = cutting(target, "up", () => {
    events += 1;
    return events - 1 === cutAt;
  });
  const { open } = await readTarget(target.operator);
  try {
    await applyChange(context, { built, before: open?.before ?? "", open, directory: why.directory });
    return { events, whole: true };
  } catch (thrown) {
    if (!(thrown instanceof Cut)) throw thrown;
    return { events, whole: false };
  }
}

/** Takes back what is half-way, as the next command would. */
export async function settle(target: OpenTarget): Promise<OpenChange | null> {
  const { open } = await readTarget(target.operator);
  const context = { ...contextOf(target), direction: "down" as const };
  if (open !== null) await settleChange(context, open, why);
  return open;
}

/** Takes back a whole change. */
export async function down(target: OpenTarget, built: Built): Promise<void> {
  const { applied } = await readTarget(target.operator);
  const context = { ...contextOf(target), direction: "down" as const };
  const met = applied.find(({ id }) => id === built.change.id)?.met ?? [];
  await revertChange(context, { ...why, manifest: built.artifact.manifest, met, open: null });
}

/** The catalog is exactly this one. */
export async function expectCatalog(target: OpenTarget, expected: Catalog, when: string): Promise<void> {
  const found = await readCatalog(target.operator);
  expect({ when, found: differences(expected.snapshot, found.snapshot).map(describeDifference) }).toEqual({
    when,
    found: [],
  });
}
