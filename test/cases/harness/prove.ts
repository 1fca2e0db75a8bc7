import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshDatabase, type FreshDatabase } from "../../support/database.js";
import type { Case } from "./case.js";
import { CaseFailed } from "./failure.js";
import { travel } from "./journey.js";
import { operate } from "./place.js";
import { dropRoles, makeRoles } from "./roles.js";
import { findWitness } from "./witness.js";

const witness = await findWitness();
const how = `the file alone is run by ${witness.runs}, ${witness.dumps ?? "no pg_dump of this version"} looks on`;

/** Takes every case of a family there and back, each in a database of its own. */
export function prove(family: string, cases: readonly Case[]): void {
  describe(`${family} (${how})`, () => {
    let template: FreshDatabase;
    let version = 0;

    beforeAll(async () => {
      await makeRoles();
      template = await freshDatabase("cases");
      // The ledger is made once, and comes with the copy.
      await (await operate(template.url)).close();
      const [row] = await template.query<{ version: number }>(
        "SELECT current_setting('server_version_num')::int / 10000 AS version",
      );
      version = row?.version ?? 0;
      await template.client.end();
    });
    afterAll(async () => {
      await template.drop();
      await dropRoles();
    });

    for (const [index, one] of cases.entries()) {
      // `npm test` leaves out what is tagged so; `npm run test:whole` takes it.
      const tags = index % 4 === 0 ? [] : ["whole"];
      it(`${titleOf(one)}`, { tags }, async ({ skip }) => {
        if (version < (one.since ?? 14)) skip();
        const database = await freshDatabase("case", template.name);
        try {
          const failure = await failureOf(() => travel(one, database, witness));
          if (failure !== null && !isMeant(one, failure)) throw failure;
          expect(failure === null, "it passes now: take its `today` away").toBe(one.today === undefined);
        } finally {
          await database.drop();
        }
      });
    }
  });
}

/** A case that fails today goes on failing until its mark is taken away; a mistake in the case itself is never what was meant. */
function isMeant({ today }: Case, { station }: CaseFailed): boolean {
  return today !== undefined && station !== "the case itself";
}

function titleOf({ name, today }: Case): string {
  return today === undefined ? name : `${name} [fails today: ${today}]`;
}

async function failureOf(work: () => Promise<void>): Promise<CaseFailed | null> {
  try {
    await work();
    return null;
  } catch (thrown) {
    if (thrown instanceof CaseFailed) return thrown;
    throw thrown;
  }
}
