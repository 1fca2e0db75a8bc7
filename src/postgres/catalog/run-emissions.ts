import type pg from "pg";
import { messageOf } from "../../errors.js";
import type { Emission } from "../../snapshot/emit/emission.js";

/** A statement that the server refused, and why. */
export interface RefusedEmission {
  readonly emission: Emission;
  readonly message: string;
}

/** The time of a message grows faster than the number of its statements; far fewer of them cost round trips. */
const statementsInOneMessage = 20;

const alteration =
  /^(ALTER TABLE (?:ONLY )?(?:"(?:[^"]|"")*"\.)?"(?:[^"]|"")*" )((?:ADD CONSTRAINT|ALTER COLUMN) .*)$/s;

/** Neighbouring ALTER TABLE statements for one table as one statement: each costs the server about as much as all of them. */
export function joinAlterations(statements: readonly string[]): readonly string[] {
  const joined: string[] = [];
  let table: string | undefined;
  for (const sql of statements) {
    const [, head, action] = alteration.exec(sql) ?? [];
    if (head !== undefined && head === table) joined.push(`${joined.pop() ?? head}, ${action ?? ""}`);
    else joined.push(sql);
    table = head;
  }
  return joined;
}

/** All in one transaction, many statements to a message; whether it went through. */
async function runTogether(client: pg.ClientBase, emissions: readonly Emission[]): Promise<boolean> {
  const statements = joinAlterations(emissions.map((emission) => emission.sql));
  await client.query("begin");
  try {
    for (let start = 0; start < statements.length; start += statementsInOneMessage)
      await client.query(statements.slice(start, start + statementsInOneMessage).join(";\n"));
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
