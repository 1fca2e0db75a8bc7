import { DatabaseError } from "pg";
import { expect } from "vitest";
import { stepsOf, type Plan } from "../../../src/plan/step.js";
import type { Built } from "../../../src/postgres/build-plan.js";
import { readSnapshot } from "../../../src/postgres/catalog/read-snapshot.js";
import { readCatalog, readWhole } from "../../../src/postgres/ledger/record-catalog.js";
import type { OpenTarget } from "../../../src/postgres/session/open-target.js";
import { describeDifference, differences } from "../../../src/snapshot/difference.js";
import type { Snapshot } from "../../../src/snapshot/snapshot.js";
import type { FreshDatabase } from "../../support/database.js";
import type { Case, Pinned } from "./case.js";
import { readContents, type Contents } from "./contents.js";
import { at } from "./failure.js";
import { expectNotLowered, expectNothingLost, expectSame } from "./losses.js";
import { applyOn, buildCase, operate, revertFrom } from "./place.js";
import type { Witness } from "./witness.js";

/** Such a statement stands alone: no transaction can show what it would do. */
const alone = /\bCONCURRENTLY\b|\bADD VALUE\b|belay:transaction off/i;

/**
 * There and back, twice: up, rows are written, back by Belay, up again, back by the artifact's file alone.
 * @throws CaseFailed where the database is not what it was, or something was lost that was not named.
 */
export async function travel(one: Case, database: FreshDatabase, witness: Witness): Promise<void> {
  await at("the case itself", () => database.client.query(one.before));
  const built = await at("build", () => buildCase(one));
  const asWritten = await at("the case itself", () => rehearseAsWritten(one, built, database));
  const target = await operate(database.url);
  try {
    const before = await stateOf(database, target);
    const dumped = await witness.dump(database.url);

    await at("up", () => applyOn(target, built));
    const applied = await stateOf(database, target);
    await at("up is what its statements say", async () => {
      if (asWritten !== null) expectCatalog(asWritten, applied.snapshot);
      await expectPinned(database, one.afterUp);
    });
    await at("write", () => database.client.query(one.write ?? "SELECT"));
    const written = await readContents(database.client, applied.snapshot);

    const back = await at("revert", async () => {
      await revertFrom(target);
      const state = await stateOf(database, target);
      expectCatalog(before.snapshot, state.snapshot);
      expectNothingLost(one, { before: before.contents, applied: applied.contents, written, back: state.contents }); // prettier-ignore
      expectNotLowered(before.contents, state.contents);
      expectNotLowered(written, state.contents);
      await expectPinned(database, one.afterDown);
      if (one.stays !== true)
        expect(await witness.dump(database.url), "the schema as pg_dump prints it").toEqual(dumped);
      expect(built.plan.loss.map(({ object }) => object).toSorted(), "what the manifest names as lost").toEqual((one.loss?.named ?? []).toSorted()); // prettier-ignore
      return state;
    });

    await at("up again", async () => {
      await applyOn(target, built);
      const again = await stateOf(database, target);
      expectCatalog(applied.snapshot, again.snapshot);
      if (one.againTouches !== true) expectSame(written, again.contents);
      await expectPinned(database, one.afterAgain);
    });

    await at("the file alone", async () => {
      await target.lend(() => witness.run(database.url, built.artifact.text));
      const state = await stateOf(database, target, readWhole);
      expectCatalog(before.snapshot, state.snapshot);
      expectSame(back.contents, state.contents);
      await expectPinned(database, one.afterDown);
      if (one.stays !== true)
        expect(await witness.dump(database.url), "the schema as pg_dump prints it").toEqual(dumped);
    });
  } finally {
    await target.close();
  }
}

interface State {
  readonly snapshot: Snapshot;
  readonly contents: Contents;
}

/** In between, only what has changed is read again: the first and the last look, and the one from beside it, are at everything. */
async function stateOf({ client }: FreshDatabase, { operator }: OpenTarget, read = readCatalog): Promise<State> {
  const { snapshot } = await read(operator);
  return { snapshot, contents: await readContents(client, snapshot) };
}

/**
 * Runs the author's statements as PostgreSQL itself does, in a transaction that is taken back: they must be right, and what Belay makes of them must come to the
 * same. Gives the catalog after the way forward where that is made of other statements; null, too, where one cannot stand in a transaction.
 */
async function rehearseAsWritten(one: Case, { plan }: Built, { client }: FreshDatabase): Promise<Snapshot | null> {
  if (alone.test(one.up + one.down)) return null;
  await client.query("BEGIN");
  try {
    await client.query(one.up);
    const snapshot = isRewritten(one, plan) ? await readSnapshot(client) : null;
    await client.query(one.write ?? "SELECT");
    await client.query(one.down).catch((thrown: unknown) => {
      if (!isViolation(thrown)) throw thrown;
    });
    return snapshot;
  } finally {
    await client.query("ROLLBACK");
  }
}

function isRewritten({ up }: Case, plan: Plan): boolean {
  return plan.form !== "command" && stepsOf(plan.forward).some(({ sql }) => !up.includes(sql));
}

/** PostgreSQL alone has lost the values by then: a way back that needs them violates a constraint there (manual, appendix A, class 23). */
function isViolation(thrown: unknown): boolean {
  return thrown instanceof DatabaseError && thrown.code?.startsWith("23") === true;
}

function expectCatalog(expected: Snapshot, actual: Snapshot): void {
  expect(differences(expected, actual).map(describeDifference)).toEqual([]);
}

async function expectPinned({ client }: FreshDatabase, pinned: readonly Pinned[] = []): Promise<void> {
  for (const [text, ...expected] of pinned) {
    const { rows } = await client.query<unknown[]>({ text, rowMode: "array" });
    const found = rows.map((row) => row.map((value) => (value === null ? null : String(value))));
    expect(found, `the answer to ${text}`).toEqual(expected);
  }
}
