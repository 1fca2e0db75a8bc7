import type { Umzug } from "umzug";
import { BelayError } from "../../errors.js";
import { isApplied, wasApplied } from "../ledger/reader.js";
import type { OpenTarget } from "../session/open-target.js";

/** How one pair runs on a target. Both write the ledger's entry themselves, in the transaction of what they do. */
export interface Runnable {
  readonly id: string;
  readonly up: () => Promise<void>;
  readonly down: () => Promise<void>;
}

/**
 * umzug over the ledger. Its storage only reads: an entry that umzug wrote after the DDL could be lost between the two, so the pair must have
 * written it already, and here that is checked. A pair without a way back cannot be made, so umzug never "reverts" one in silence.
 */
export async function migratorFor(target: OpenTarget, runnables: readonly Runnable[]): Promise<Umzug> {
  const { Umzug } = await import("umzug");
  const { operator } = target;
  const executed = async (): Promise<string[]> => {
    const live = await Promise.all(runnables.map(({ id }) => wasApplied(operator, id)));
    return runnables.flatMap(({ id }, index) => (live[index] === true ? [id] : []));
  };
  return new Umzug({
    migrations: runnables.map(({ id, up, down }) => ({ name: id, up, down })),
    logger: undefined,
    storage: {
      executed,
      logMigration: async ({ name }) => {
        if (!(await isApplied(operator, name))) throw notRecorded(target, name, "applied");
      },
      unlogMigration: async ({ name }) => {
        if (await isApplied(operator, name)) throw notRecorded(target, name, "taken back");
      },
    },
  });
}

/** @throws what the pair threw, without umzug's wrapping. */
export async function migrateUp(migrator: Umzug, id: string): Promise<void> {
  await unwrapped(migrator.up({ migrations: [id] }));
}

export async function migrateDown(migrator: Umzug, id: string): Promise<void> {
  await unwrapped(migrator.down({ migrations: [id] }));
}

async function unwrapped(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    throw thrown instanceof Error && thrown.name === "MigrationError" ? (thrown.cause ?? thrown) : thrown;
  }
}

function notRecorded(target: OpenTarget, id: string, what: string): BelayError {
  return new BelayError(
    "defect",
    "ledger-entry-missing",
    `${target.name}: ${id} ran, but the ledger does not say that it was ${what}.`,
  );
}
