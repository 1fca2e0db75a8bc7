import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf, normalise, sha256 } from "../../src/change/digest.js";
import { noDirectives } from "../../src/change/directives.js";

/** Lines as people write them, statements and blanks. */
const line = fc.oneof(
  fc.constantFrom("", "SELECT 1;", "-- ä comment", "  x", "a b"),
  fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/[\r\n\uFEFF]/g, "")),
);
const half = fc.array(line, { maxLength: 6 }).map((lines) => lines.join("\n"));
const blanks = fc.constantFrom("", " ", "\t", "  \t ");

describe("the digest of a change", () => {
  it("is of the bytes that are written down", () => {
    const up = "ALTER TABLE t ADD COLUMN ä text;\n";
    const down = "ALTER TABLE t DROP COLUMN ä;\n";
    const lines = [
      "blocked=null",
      "irreversible=null",
      'keep="on"',
      "proposal=null",
      "requires=[]",
      "severity=null",
      "title=null",
      'transaction="on"',
    ];
    const directives = lines.join("\n");
    const bytes = (text: string): number => Buffer.byteLength(text);
    const expected = `belay-change-1\nup ${bytes(up)}\n${up}\ndown ${bytes(down)}\n${down}\ndirectives ${bytes(directives)}\n${directives}\n`;
    expect(digestOf(up, down, noDirectives)).toBe(sha256(expected));
  });

  it("is the same after a checkout or an editor changed line ends, a byte order mark, or blanks at line ends", () => {
    fc.assert(
      fc.property(
        half,
        half,
        blanks,
        fc.constantFrom("\n", "\r\n"),
        fc.constantFrom("", "\uFEFF"),
        fc.nat(3),
        (up, down, blank, end, mark, tail) => {
          const changed = (text: string): string =>
            mark +
            text
              .split("\n")
              .map((one) => one + blank)
              .join(end) +
            end.repeat(tail);
          expect(digestOf(changed(up), changed(down), noDirectives)).toBe(digestOf(up, down, noDirectives));
        },
      ),
    );
  });

  it("differs where a word differs, a line is indented or a word moves from one half to the other", () => {
    fc.assert(
      fc.property(half, half, (up, down) => {
        const digest = digestOf(up, down, noDirectives);
        expect(digestOf(`${up}\nSELECT 2;`, down, noDirectives)).not.toBe(digest);
        expect(digestOf(up, `${down}\nSELECT 2;`, noDirectives)).not.toBe(digest);
        expect(digestOf(down, up, noDirectives) === digest).toBe(normalise(up) === normalise(down));
      }),
    );
    expect(digestOf(" SELECT 1", "", noDirectives)).not.toBe(digestOf("SELECT 1", "", noDirectives));
    expect(digestOf("a\nb", "", noDirectives)).not.toBe(digestOf("a", "b", noDirectives));
  });

  it("differs where a directive differs", () => {
    const digests = [
      noDirectives,
      { ...noDirectives, title: "A" },
      { ...noDirectives, keep: "off" as const },
      { ...noDirectives, transaction: "off" as const },
      { ...noDirectives, requires: ["a", "b"] },
      { ...noDirectives, requires: ["a, b"] },
      { ...noDirectives, severity: 0 },
    ].map((directives) => digestOf("x", "y", directives));
    expect(new Set(digests).size).toBe(digests.length);
  });

  it("is of a text that normalising leaves alone", () => {
    fc.assert(
      fc.property(half, (text) => {
        expect(normalise(normalise(text))).toBe(normalise(text));
      }),
    );
  });
});
