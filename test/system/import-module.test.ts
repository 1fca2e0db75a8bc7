import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { importModule } from "../../src/system/import-module.js";

const temporary = process.env["TMPDIR"];

afterEach(() => {
  if (temporary === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = temporary;
});

describe("importing a TypeScript module", () => {
  it("leaves no compiled copy where other users could put one", async () => {
    const shared = await mkdtemp(join(tmpdir(), "belay-import-"));
    const project = await mkdtemp(join(tmpdir(), "belay-import-"));
    try {
      process.env["TMPDIR"] = shared;
      await writeFile(join(project, "change.ts"), "export const answer: number = 42;\n");
      expect(await importModule(join(project, "change.ts"))).toMatchObject({ answer: 42 });
      expect(await readdir(shared)).toEqual([]);
    } finally {
      await rm(shared, { recursive: true });
      await rm(project, { recursive: true });
    }
  });
});
