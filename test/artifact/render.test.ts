import { execa } from "execa";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sealArtifact } from "../../src/artifact/artifact.js";
import { parseManifest, printManifest } from "../../src/artifact/manifest.js";
import { renderShell, shellQuote } from "../../src/artifact/render-shell.js";
import { commandChange } from "../../src/change/change.js";
import { sha256 } from "../../src/change/digest.js";
import { noDirectives } from "../../src/change/directives.js";
import { parseStatements } from "../../src/sql/parse.js";
import { hostileName, sampleOf } from "./arbitraries.js";

const sealing = { requires: ["20260101000000_a"], searchPath: "public" };
const names = fc.array(hostileName, { minLength: 1, maxLength: 3 });
const id = { id: "20260101000001_x", version: "20260101000001", name: "x" };

describe("an artifact in SQL", () => {
  it("is the same bytes for the same change, and its manifest survives being written and read", async () => {
    await fc.assert(
      fc.asyncProperty(names, hostileName, fc.boolean(), async (given, title, outside) => {
        const seal = async () => {
          const { change, plan } = await sampleOf(given, { outside, title });
          return sealArtifact(change, plan, sealing);
        };
        const [one, two] = [await seal(), await seal()];
        expect(one.text).toBe(two.text);
        expect(one.manifest.sha256).toBe(sha256(one.text));
        const printed = printManifest(one.manifest);
        expect(printManifest(parseManifest(JSON.parse(printed), "f"))).toBe(printed);
      }),
      { numRuns: 50 },
    );
  });

  it("is nothing but settings, blocks and concurrent drops, whatever the names and the title want", async () => {
    await fc.assert(
      fc.asyncProperty(names, hostileName, fc.boolean(), async (given, title, outside) => {
        const { change, plan } = await sampleOf(given, { outside, title });
        const { text } = sealArtifact(change, plan, sealing);
        const statements = await parseStatements(text, "artifact");
        const odd = statements.filter((one) => !/^(SET |DO \$|DROP INDEX CONCURRENTLY IF EXISTS )/.test(one.text));
        expect(odd).toEqual([]);
        const drops = statements.filter((one) => one.text.startsWith("DROP"));
        expect(drops).toHaveLength(outside ? given.length : 0);
      }),
      { numRuns: 100 },
    );
  });

  it("stands in a dollar quote that its body does not end", async () => {
    const { change, plan } = await sampleOf(["$belay$", "$belay1$"], { outside: false, title: "$belay$" });
    const { text } = sealArtifact(change, plan, sealing);
    const bodies = [...text.matchAll(/^DO (\$belay\d*\$)\n([^]*?)\n\1;$/gm)];
    expect(bodies.some(([, , body]) => body?.includes("$belay$") === true)).toBe(true);
    for (const [, tag = "", body = ""] of bodies) expect(body).not.toContain(tag);
  });

  it("of a change without a way back refuses, and names the reason", async () => {
    const { change, plan } = await sampleOf(["t"], { outside: false, title: "T" });
    const forgotten = { ...change, directives: { ...change.directives, irreversible: "it's gone; really" } };
    const { text } = sealArtifact(forgotten, plan, sealing);
    expect(text).toContain("it''s gone; really");
    expect(text).not.toContain("EXECUTE");
  });
});

describe("a word for the shell", () => {
  it("comes through sh as it was", async () => {
    const words = fc.array(
      fc.oneof(hostileName, fc.constantFrom("", "'", "$(id)", "`id`", "$HOME", "-n", "a'b'c", "~", "!")),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    await fc.assert(
      fc.asyncProperty(words, async (given) => {
        const script = `printf '%s\\0' ${given.map(shellQuote).join(" ")}`;
        const { stdout } = await execa("sh", ["-c", script], { stripFinalNewline: false });
        expect(stdout).toBe(given.map((word) => `${word}\0`).join(""));
      }),
      { numRuns: 60 },
    );
  });
});

describe("an artifact of commands", () => {
  it("is a script that sh can read, and whose comments hold the title whatever is in it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostileName, { minLength: 1, maxLength: 3 }), hostileName, async (command, title) => {
        const change = commandChange({ id, directives: { ...noDirectives, title }, files: [] }, ["true"], command);
        const text = renderShell(change, command);
        await expect(execa("sh", ["-n"], { input: text })).resolves.toBeDefined();
        const first = text.split("\n").findIndex((line) => !line.startsWith("#"));
        expect(text.split("\n")[first]).toBe("set -eu");
      }),
      { numRuns: 30, examples: [[["true"], "two\nlines"]] },
    );
  });
});
