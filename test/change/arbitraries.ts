import fc from "fast-check";
import { camelCase, versionOf, type ChangeId } from "../../src/change/change-id.js";
import { sqlChange, type SqlChange } from "../../src/change/change.js";
import { noDirectives } from "../../src/change/directives.js";

const word = fc.stringMatching(/^[a-z0-9]{1,6}$/);

export const changeName = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join("_"));

/** Whole seconds of the years 2000 to 2099. */
export const second = fc.integer({ min: 946_684_800, max: 4_102_444_799 }).map((at) => new Date(at * 1_000));

export const changeId: fc.Arbitrary<ChangeId> = fc
  .tuple(second, changeName)
  .map(([time, name]) => ({ id: `${versionOf(time)}_${name}`, version: versionOf(time), name }));

/** A change that does nothing, under a title of its own. */
export function changeOf(id: ChangeId, requires: readonly string[] = [], title = camelCase(id.name)): SqlChange {
  return sqlChange({ id, directives: { ...noDirectives, requires, title }, files: [] }, "SELECT 1", "SELECT 1");
}

/** Changes with different versions, in no order. */
export const changes = fc
  .uniqueArray(changeId, { minLength: 1, maxLength: 8, selector: ({ version }) => version })
  .map((ids) => ids.map((id) => changeOf(id)));
