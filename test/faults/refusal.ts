import { BelayError } from "../../src/errors.js";
import { rollout, type RolloutOptions } from "../../src/rollout/rollout.js";
import type { RolloutResult } from "../../src/rollout/result.js";
import { loadProject } from "../../src/system/project/project.js";
import type { TestProject } from "../support/cli.js";
import type { FreshDatabase } from "../support/database.js";

/** Rolls out in this process. */
export async function roll(made: TestProject, options: RolloutOptions = {}): Promise<RolloutResult> {
  return rollout(await loadProject({ directory: made.root }), { yes: true, ...options });
}

/** The refusal of a rollout that must not begin. */
export async function refusalOf(made: TestProject, options: RolloutOptions = {}): Promise<BelayError> {
  try {
    const { outcome } = await roll(made, options);
    throw new Error(`the rollout was not refused but ${outcome}`);
  } catch (thrown) {
    if (thrown instanceof BelayError) return thrown;
    throw thrown;
  }
}

/** Whether Belay has left anything in a database, its ledger included. */
export async function isUntouched(database: FreshDatabase): Promise<boolean> {
  const [row] = await database.query(
    "SELECT to_regnamespace('belay') IS NULL AND to_regnamespace('belay_kept') IS NULL AS untouched",
  );
  return row?.["untouched"] === true;
}
