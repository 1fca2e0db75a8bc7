import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitShell } from "../../src/proposal/shell.js";

const split = (script: string) => splitShell(script, { source: "report.md", line: 1 });
const words = (script: string) => split(script).map((command) => command.words);

describe("a shell script is split into simple commands", () => {
  it.each([
    ["a b  c", [["a", "b", "c"]]],
    ["a; b && c || d | e & f\ng", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["g"]]],
    ["a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]],
    ["a 'it'\"'\"'s' \"\\\"\\$x\\n\"", [["a", "it's", '"$x\\n']]],
    ["a '' \"\"", [["a", "", ""]]],
    ["a b\\\nc \\\n d", [["a", "bc", "d"]]],
    ["a 'b\nc'", [["a", "b\nc"]]],
    ["a decimal{10,2} $X *.rb `b` $(c)", [["a", "decimal{10,2}", "$X", "*.rb", "`b`", "$(c)"]]],
    ["a 2>&1 &> b >&2", [["a", "2>&1", "&>", "b", ">&2"]]],
    ["a#b # c", [["a#b"]]],
    ["cat <<END > f\nrails g migration AddAToB a\nEND\nb", [["cat", "<<END", ">", "f"], ["b"]]],
    ["cat <<- 'END'\na; b\n\tEND\nb", [["cat", "<<-", "END"], ["b"]]],
    ["cat <<'A' <<B\nx\nA\ny\nB\nb", [["cat", "<<A", "<<B"], ["b"]]],
    ["cat <<END\nno end", [["cat", "<<END"]]],
    ["a '<<b' \\<<c\nd", [["a", "<<b", "<<c"], ["d"]]],
    ["a <<E; b\nx\nE\nc", [["a", "<<E"], ["b"], ["c"]]],
    ["a <<E;\nx\nE\nc", [["a", "<<E"], [], ["c"]]],
    ["a <<< b\nc", [["a", "<<<", "b"], ["c"]]],
    ["a\\", [["a\\"]]],
    ["", []],
    [" ;; \n&&", []],
  ])("%j", (script, expected) => {
    expect(words(script)).toEqual(expected);
  });

  it("keeps comments, and the line and text of each command", () => {
    expect(split("# one\n\n  a b # why\nc \\\n d; e")).toEqual([
      { words: [], text: "# one", line: 1 },
      { words: ["a", "b"], text: "a b # why", line: 3 },
      { words: ["c", "d"], text: "c \\\n d", line: 4 },
      { words: ["e"], text: "e", line: 5 },
    ]);
  });

  it.each(["a 'b", 'a "b', "x\na 'b\nc"])("refuses a quote that is not closed: %j", (script) => {
    const line = script.startsWith("x") ? 2 : 1;
    expect(() => split(script)).toThrow(new RegExp(`^report\\.md:${line}: expected a closing`));
  });

  it("gives back the words that were quoted for it", () => {
    const quote = (word: string): string => `'${word.replaceAll("'", `'"'"'`)}'`;
    const command = fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(command, { maxLength: 5 }),
        fc.constantFrom("\n", ";", " && ", "|", "\n\n"),
        (commands, separator) => {
          expect(words(commands.map((each) => each.map(quote).join(" ")).join(separator))).toEqual(commands);
        },
      ),
    );
  });

  it("loses no text but separators", () => {
    const piece = fc.constantFrom("a", "b2", " ", "\n", ";", "&&", "#c", "\\\n", "'q q'", '"d"', "|", "<<E", "E", "\t");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const bare = (text: string): string => text.replaceAll(/[\s;&|\\]/g, "");
        const script = pieces.join("");
        expect(
          bare(
            split(script)
              .map(({ text }) => text)
              .join(""),
          ),
        ).toBe(bare(script));
      }),
      { numRuns: 1000 },
    );
  });
});
