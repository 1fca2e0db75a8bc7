import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openFolder } from "../src/postgres/sandbox/folder.js";
import { acquireSandbox, type Sandbox } from "../src/postgres/sandbox/sandbox.js";
import { exitCode } from "../src/cli/exit-code.js";
import { belay } from "./support/cli.js";

const repository = fileURLToPath(new URL("..", import.meta.url));
const readme = await readFile(join(repository, "README.md"), "utf8");

interface Command {
  readonly line: string;
  readonly args: readonly string[];
  readonly exitCode: number;
}

/** The commands of all blocks that say `sh`, in order; a block that says `sh no-test` is for the reader alone. */
function commandsOf(text: string): readonly Command[] {
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block ?? "");
  const lines = blocks.flatMap((block) => block.split("\n")).filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const [, command = "", comment = ""] = /^(.*?)(?:\s+#\s(.*))?$/.exec(line) ?? [];
    const [name, ...args] = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
    if (name !== "belay") throw new Error(`README.md has a command in a tested block that is not belay: ${line}`);
    return { line, args, exitCode: Number(/^exit (\d+)/.exec(comment)?.[1] ?? 0) };
  });
}

const commands = commandsOf(readme);
let project = "";
let sandbox: Sandbox;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "belay-readme-"));
  for (const name of ["belay.config.ts", "migrations", "rollbacks", "proposals"])
    await cp(join(repository, name), join(project, name), { recursive: true });
  // Held open, so that not each command starts the server again.
  sandbox = await acquireSandbox({ projectDirectory: project });
});

afterAll(async () => {
  await sandbox.release();
  await rm((await openFolder(project)).root, { recursive: true, force: true });
  await rm(project, { recursive: true, force: true });
});

describe("the README", () => {
  it("has commands to run for each of the three people", () => {
    expect(commands.length).toBeGreaterThan(9);
    for (const verb of ["propose", "rehearse", "rollout", "status", "revert"])
      expect(commands.map(({ args }) => args[0])).toContain(verb);
  });

  it.each(commands)("tells the truth about: $line", { timeout: 120_000 }, async ({ args, exitCode: expected }) => {
    const env = { DATABASE_URL: undefined, STAGING_URL: undefined };
    const { exitCode: code, stdout, stderr } = await belay(project, args, { env, timeout: 100_000 });
    expect({ code, stdout, stderr }).toMatchObject({ code: expected });
  });

  it("lists every exit code that there is", () => {
    const listed = [...readme.matchAll(/^\| *(\d+) *\| /gm)].map(([, code]) => Number(code));
    expect(listed).toEqual([0, ...Object.values(exitCode)].toSorted((a, b) => a - b));
  });
});

describe("the project of this repository", () => {
  it("is clean in a fresh clone: pairs complete, artifacts as they are built today", async () => {
    const env = { DATABASE_URL: undefined, STAGING_URL: undefined };
    const checked = await belay(repository, ["check", "--json"], { env });
    expect({ code: checked.exitCode, findings: checked.json().findings }).toEqual({ code: 0, findings: [] });
    const built = await belay(repository, ["build", "--check"], { env });
    expect({ code: built.exitCode, stdout: built.stdout }).toMatchObject({ code: 0 });
  });

  it("has the pairs of its report just as propose writes them", async () => {
    const proposed = await belay(repository, ["propose", "proposals/ai-model.md", "--json"]);
    expect(proposed.json().changes.map(({ action }: { action: string }) => action)).toEqual(["unchanged", "unchanged"]);
  });
});
