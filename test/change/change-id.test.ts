import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { camelCase, parseChangeId, requireChangeId, snakeCase, versionOf } from "../../src/change/change-id.js";
import { changeId, changeName, second } from "./arbitraries.js";

describe("an id", () => {
  it("is a version and a name, and says both", () => {
    fc.assert(
      fc.property(changeId, (id) => {
        expect(parseChangeId(id.id)).toEqual(id);
      }),
    );
  });

  it("sorts as text in the order of its time", () => {
    fc.assert(
      fc.property(second, second, changeName, changeName, (a, b, one, two) => {
        fc.pre(a.getTime() !== b.getTime());
        expect(`${versionOf(a)}_${one}` < `${versionOf(b)}_${two}`).toBe(a < b);
      }),
    );
  });

  it.each([
    "",
    "20260101000001",
    "20260101000001_",
    "2026010100001_a",
    "20260101000001_A",
    "20260101000001_a__b",
    "20260101000001_a-b",
    "20261301000001_a",
    "20260230000001_a",
    "20260101240001_a",
    "20260101006001_a",
    "20260101000001_a\n",
    "x20260101000001_a",
    "20260101000001_ä",
  ])("is not %j", (text) => {
    // prettier-ignore
    expect(parseChangeId(text)).toBeNull();
    expect(() => requireChangeId(text, "migrations/x")).toThrow(expect.objectContaining({ code: "change-id-invalid" }));
  });

  it("is never a text that only contains one", () => {
    fc.assert(
      fc.property(
        changeId,
        fc.string({ minLength: 1, unit: fc.constantFrom(" ", "/", ".", "\0", "-", "\n") }),
        (id, more) => {
          expect(parseChangeId(id.id + more)).toBeNull();
          expect(parseChangeId(more + id.id)).toBeNull();
        },
      ),
    );
  });
});

describe("a name", () => {
  it.each([
    ["AddAiModelToExecutionTasks", "add_ai_model_to_execution_tasks"],
    ["addHTTPServer", "add_http_server"],
    ["Ünïcode Name!", "unicode_name"],
    ["  ", ""],
    ["add-x to.y", "add_x_to_y"],
    ["V2Users", "v2_users"],
  ])("made of %j is %j", (title, name) => expect(snakeCase(title)).toBe(name));

  it("of any title makes an id together with a version, or is empty", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (title) => {
        const name = snakeCase(title);
        expect(name === "" ? name : parseChangeId(`20260101000001_${name}`)?.name).toBe(name);
      }),
    );
  });

  it("of letters comes back from its title", () => {
    const letters = fc.array(fc.stringMatching(/^[a-z]{2,6}$/), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(letters, (words) => {
        expect(snakeCase(camelCase(words.join("_")))).toBe(words.join("_"));
      }),
    );
  });
});
