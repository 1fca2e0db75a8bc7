import type pg from "pg";
import { messageOf } from "../../errors.js";
import type { Emission } from "../../snapshot/emit/emission.js";

/** A statement that the server refused, and why. */
export interface RefusedEmission {
  readonly emission: Emission;
  readonly message: string;
}

const statementsInOneMessage = 200;

/** All in one transaction, many statements to a message; whether it went through. */
async function runTogether(client: pg.ClientBase, emissions: readonly Emission[]): Promise<boolean> {
  await client.query("begin");
  try {
    for (let start = 0; start < emissions.length; start += statementsInOneMessage) {
      const part = emissions.slice(start, start + statementsInOneMessage);
      await client.query(part.map((emission) => emission.sql).join(";\n"));
    }
    await client.query("commit");
    return true;
  } catch {
    // Not swallowed: each statement is tried on its own next, and then names its own reason.
    await client.query("rollback");
    return false;
  }
}

async function runEach(client: pg.ClientBase, emissions: readonly Emission[]): Promise<readonly RefusedEmission[]> {
  const refused: RefusedEmission[] = [];
  for (const emission of emissions) {
    try {
      await client.query(emission.sql);
    } catch (error) {
      refused.push({ emission, message: messageOf(error) });
    }
  }
  return refused;
}

/**
 * Runs the statements in one transaction; where one is refused, each on its own, and again as long as that gets further
 * (a function that is only named in another's body is a dependency that no catalog knows). Gives back what never ran.
 */
export async function runEmissions(
  client: pg.ClientBase,
  emissions: readonly Emission[],
): Promise<readonly RefusedEmission[]> {
  if (await runTogether(client, emissions)) return [];
  let refused = await runEach(client, emissions);
  for (let before = emissions.length; refused.length > 0 && refused.length < before;) {
    before = refused.length;
    refused = await runEach(
      client,
      refused.map((one) => one.emission),
    );
  }
  return refused;
}
