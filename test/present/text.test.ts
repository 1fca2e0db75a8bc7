import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { durationText, shortStatement } from "../../src/present/duration-text.js";
import { githubText, sarifText } from "../../src/present/findings-formats.js";
import { findingsText, type FindingView } from "../../src/present/findings-text.js";
import { paintWith, withoutControl } from "../../src/present/paint.js";
import { progressText } from "../../src/present/progress-text.js";

const escape = "\u001B";
const finding: fc.Arbitrary<FindingView> = fc.record({
  rule: fc.string({ maxLength: 10 }),
  severity: fc.constantFrom("error", "warning", "info"),
  file: fc.option(fc.string({ maxLength: 10 })),
  line: fc.option(fc.integer({ min: 1, max: 99 })),
  message: fc.oneof(fc.string(), fc.constantFrom("a\n::set-env name=X::y", "50%0A", "\r\n::error::x", "a,b:c")),
});

describe("a text without colours", () => {
  it("has no escape code, and one with colours says the same words", () => {
    fc.assert(
      fc.property(fc.array(finding, { maxLength: 4 }), (findings) => {
        const plain = findingsText(findings, paintWith(false)).join("\n");
        const coloured = findingsText(findings, paintWith(true)).join("\n");
        expect(coloured.replaceAll(new RegExp(`${escape}\\[[0-9;]*m`, "g"), "")).toBe(plain);
        expect(coloured).toContain(escape);
      }),
    );
  });

  it("lets nothing that others wrote steer the terminal; with colours only colours get through", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "\t", "\n", "\r", "\0", "\u001B", "\u007F", "\u009B", "[", "m") }),
        (text) => {
          expect(withoutControl(text, false).replaceAll(/[\t\n]/g, "")).not.toMatch(/\p{Cc}/u);
          expect(withoutControl(text, false)).toHaveLength(text.length);
        },
      ),
    );
    expect(withoutControl(`${escape}[31mred${escape}[0m`, true)).toBe(`${escape}[31mred${escape}[0m`);
    expect(withoutControl(`${escape}]0;title\u0007${escape}[2J`, true)).not.toContain(`${escape}]`);
    expect(withoutControl(`${escape}[2J`, true)).not.toContain(escape);
    expect(withoutControl("a\tb\nc", false)).toBe("a\tb\nc");
  });
});

describe("findings for GitHub", () => {
  it("are one workflow command a line, whatever the message wants", () => {
    fc.assert(
      fc.property(fc.array(finding, { maxLength: 4 }), (findings) => {
        const lines = githubText(findings);
        expect(lines).toHaveLength(findings.length);
        for (const line of lines) expect(line).toMatch(/^::(error|warning|notice) [^\r\n]*title=[^:\r\n]*::[^\r\n]*$/);
      }),
    );
  });
});

describe("findings in SARIF", () => {
  it("are one result each, with a rule that the tool declares", () => {
    fc.assert(
      fc.property(fc.array(finding, { maxLength: 4 }), (findings) => {
        const { runs } = JSON.parse(sarifText(findings, "1.0.0").join("\n"));
        const declared = runs[0].tool.driver.rules.map(({ id }: { id: string }) => id);
        expect(new Set(declared).size).toBe(declared.length);
        expect(runs[0].results.map((result: { ruleId: string }) => result.ruleId)).toEqual(
          findings.map(({ rule }) => rule),
        );
        expect(declared).toEqual(expect.arrayContaining(findings.map(({ rule }) => rule)));
      }),
    );
  });
});

describe("a duration", () => {
  it.each([
    [0, "0 ms"], [999.4, "999 ms"], [999.6, "1.0 s"], [1_240, "1.2 s"], [59_949, "59.9 s"], [59_960, "1 m 00 s"], [125_000, "2 m 05 s"],
  ])("of %d ms is %s", (ms, text) => expect(durationText(ms)).toBe(text)); // prettier-ignore
});

describe("a statement that is too long for its place", () => {
  it("is cut to its first words, on one line", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.integer({ min: 1, max: 90 }), (sql, length) => {
        const short = shortStatement(sql, length);
        expect(short.length).toBeLessThanOrEqual(length);
        expect(short).not.toContain("\n");
      }),
    );
  });
});

describe("progress", () => {
  it("that waits for a lock names who holds it, in which state, for how long and with what", () => {
    const session = { kind: "session", backendStart: "", detail: "" } as const;
    const blockers = [
      {
        pid: 7,
        user: "ada",
        application: "report",
        state: "idle in transaction",
        ageSeconds: 61.2,
        query: "SELECT  1",
        ...session,
      },
      { pid: 8, user: "eve", application: "", state: "active", ageSeconds: 1, query: "SELECT 2", ...session },
    ];
    const waiting = {
      kind: "waiting",
      target: "main",
      change: "x",
      statement: "ALTER TABLE t",
      waitedMs: 2_000,
      blockers,
    } as const;
    expect(progressText(waiting, paintWith(false))).toEqual({
      kind: "now",
      text: "main  waiting 2.0 s for a lock: ALTER TABLE t, held by process 7 ada (report), idle in transaction, 61 s: SELECT 1 and 1 more",
    });
  });
});
