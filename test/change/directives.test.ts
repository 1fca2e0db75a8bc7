import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { directivesFrom, noDirectives, parseHead } from "../../src/change/directives.js";

const value = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 _.,:'"\\-]{0,20}[A-Za-z0-9]$/);

describe("the head of a change", () => {
  it("says what is written there, in any order and with other comments between", () => {
    const lines = fc.record({
      title: value,
      proposal: value,
      requires: fc.array(value, { maxLength: 3 }),
      irreversible: value,
    });
    fc.assert(
      fc.property(lines, fc.nat(10), (given, severity) => {
        const head = [
          `-- belay:title ${given.title}`,
          "-- a comment",
          ...given.requires.map((one) => `--belay:requires ${one}`),
          "",
          `  -- belay:proposal   ${given.proposal}  `,
          `-- belay:irreversible ${given.irreversible}`,
          `-- belay:severity ${severity}`,
          "-- belay:transaction off\r",
        ];
        const text = `${head.join("\n")}\nSELECT 1;\n`;
        expect(parseHead(text, "f")).toEqual({ ...noDirectives, ...given, severity, transaction: "off" });
      }),
    );
  });

  it("is not cut short by a comment with an odd character in it", () => {
    for (const odd of ["\u2028", "\u2029", "\u0085", "\0", "\t"]) {
      expect(parseHead(`-- a ${odd} b\n-- belay:keep off\n`, "f").keep).toBe("off");
    }
  });

  it("ends at the first statement: what stands below it is only a comment", () => {
    expect(parseHead("SELECT 1;\n-- belay:nonsense\n", "f")).toEqual(noDirectives);
  });

  it("leaves to a statement what is the statement's", () => {
    expect(parseHead("-- belay:batch\nUPDATE t SET x = 1;", "f")).toEqual(noDirectives);
  });

  it.each([
    ["-- belay:titel X", "directive-unknown"],
    ["-- belay:", "directive-unknown"],
    ["-- belay:title", "directive-invalid"],
    ["-- belay:transaction maybe", "directive-invalid"],
    ["-- belay:keep", "directive-invalid"],
    ["-- belay:severity high", "directive-invalid"],
    ["-- belay:severity 11", "directive-invalid"],
    ["-- belay:severity -1", "directive-invalid"],
    ["-- belay:severity", "directive-invalid"],
  ])("with %j is an error that names file and line", (line, code) => {
    expect(() => parseHead(`\n${line}\n`, "migrations/x.up.sql")).toThrow(
      expect.objectContaining({ code, kind: "usage", message: expect.stringContaining("migrations/x.up.sql:2") }),
    );
  });

  it("of a TypeScript change is an object with the same names", () => {
    const given = { title: "T", requires: ["a", "b"], severity: 7, transaction: "off" };
    expect(directivesFrom(given, "f")).toEqual({ ...noDirectives, ...given });
    expect(directivesFrom(undefined, "f")).toEqual(noDirectives);
    expect(() => directivesFrom({ titel: "T" }, "f")).toThrow(expect.objectContaining({ code: "directive-unknown" }));
    expect(() => directivesFrom({ title: "T\nDROP TABLE t;" }, "f")).toThrow(
      expect.objectContaining({ kind: "usage" }),
    );
    expect(() => directivesFrom("title", "f")).toThrow(expect.objectContaining({ code: "directive-invalid" }));
  });
});
