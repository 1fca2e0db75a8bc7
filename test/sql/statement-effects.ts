import { expect } from "vitest";
import { effectsOf, type Effects, type ObjectReference } from "../../src/sql/effects.js";
import { parseStatements } from "../../src/sql/parse.js";

/** The effects of a text that holds one statement. */
export async function effects(text: string): Promise<Effects> {
  const statements = await parseStatements(text);
  expect(statements).toHaveLength(1);
  return statements.map(effectsOf)[0] as Effects;
}

/** `column app.t.c`: an object with all that says where it is. */
export function said({ kind, schema, name, of }: ObjectReference): string {
  return `${kind} ${[schema, of, name].filter((part) => part !== null && part !== undefined).join(".")}`;
}
