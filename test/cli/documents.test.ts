import { describe, expect, it } from "vitest";
import { belay, expectBelay, project, type BelayResult, type TestProject } from "../support/cli.js";
import { addRegion, build, pair, region, tasks, unrehearsed } from "./fixture.js";

// ESC begins every sequence that colours a terminal.
const escape = "\u001B";

async function oneTarget(files: Record<string, string> = addRegion): Promise<TestProject> {
  const made = await project(files, { targets: ["main"], schema: tasks, config: unrehearsed });
  await build(made);
  return made;
}

describe("--json", () => {
  it("prints exactly one document with command, outcome and exitCode for every command, and the rest on stderr", async () => {
    const made = await oneTarget();
    const calls: readonly (readonly [string, number, ...string[]])[] = [
      ["init", 0],
      ["new", 0, "AddColour"],
      ["propose", 2, "no-such-report.md"],
      ["build", 2],
      ["check", 7],
    ];
    for (const [command, exitCode, ...words] of calls) {
      const result = await expectBelay(made, exitCode, [command, ...words, "--json"], { alone: true });
      const wrong = exitCode === 2;
      expect(shapeOf(result)).toEqual({ command, exitCode, namesOutcome: true, hasError: wrong, tellsError: wrong });
    }
    await made.remove("migrations");
    await made.write(addRegion);
    const more: readonly (readonly [string, number, ...string[]])[] = [
      ["build", 0],
      ["check", 0],
      ["plan", 0],
      ["rehearse", 0],
      ["rollout", 0],
      ["status", 0],
      ["history", 0],
      ["drift", 0],
      ["approve", 2, "20260101-000000-abcd"],
      ["pause", 2, "20260101-000000-abcd"],
      ["resume", 2, "20260101-000000-abcd"],
      ["abort", 2, "20260101-000000-abcd"],
      ["retry", 2, "AddRegion", "--reason", "tried"],
      ["revert", 0, "AddRegion", "--yes"],
    ];
    for (const [command, exitCode, ...words] of more) {
      const result = await expectBelay(made, exitCode, [command, ...words, "--json"], { alone: true });
      const wrong = exitCode === 2;
      expect(shapeOf(result)).toEqual({ command, exitCode, namesOutcome: true, hasError: wrong, tellsError: wrong });
    }
  });

  it("is the document too where the words on the command line are wrong", async () => {
    const made = await oneTarget();
    const result = await expectBelay(made, 2, ["rollout", "--frobnicate", "--json"]);
    expect(result.json()).toMatchObject({ command: "rollout", outcome: "usage_error", exitCode: 2 });
    expect(result.json().error).toMatchObject({ code: "usage", message: expect.stringContaining("frobnicate") });
  });
});

/** What every document has, whatever the command. */
function shapeOf(result: BelayResult): object {
  const { command, outcome, exitCode, error } = result.json();
  const said = error === undefined ? "" : `${error.code} ${error.message}`;
  return {
    command,
    exitCode,
    namesOutcome: /^[a-z_]+$/.test(outcome),
    hasError: /^[a-z-]+ \S/.test(said),
    tellsError: error !== undefined && result.stderr.includes(error.message.split("\n")[0]),
  };
}

describe("text", () => {
  it("has no escape codes where stdout is a pipe, and none in JSON", async () => {
    const made = await oneTarget();
    for (const args of [["plan"], ["rollout"], ["status"], ["revert", "AddRegion", "--yes"]]) {
      const { stdout, stderr } = await expectBelay(made, 0, args, { env: { NO_COLOR: "1" } });
      expect(stdout + stderr).not.toContain(escape);
      expect(stdout).toMatch(/\S/);
    }
  });

  it("sends no escape code of a server's message on to the terminal", async () => {
    const raise = String.raw`DO $$ BEGIN RAISE EXCEPTION E'\x1b[2J\x1b]0;title\x07gone'; END $$;`;
    const made = await oneTarget(pair(region, raise, "SELECT 1;"));
    const { stdout, stderr } = await expectBelay(made, 4, ["rollout"]);
    expect(stderr).toContain("gone");
    expect(stdout + stderr).not.toContain(escape);
  });

  it("tells progress on stderr, the result on stdout, and with --quiet no progress", async () => {
    const made = await oneTarget();
    const loud = await expectBelay(made, 0, ["rollout"]);
    expect(loud.stderr).toContain(`applied ${region}`);
    expect(loud.stdout).not.toContain(`applied ${region}`);
    const back = await expectBelay(made, 0, ["revert", "AddRegion", "--yes", "--quiet"]);
    expect(back.stderr).not.toContain("taken back");
    expect(back.stdout).toContain(region);
  });
});

describe("a wrong word", () => {
  it("that is an unknown command or flag exits 2 and names the nearest one", async () => {
    const made = await project({}, { targets: [] });
    const command = await expectBelay(made, 2, ["rolout"]);
    expect(command.stderr).toContain("rollout");
    const flag = await expectBelay(made, 2, ["rollout", "--dryrun"]);
    expect(flag.stderr).toContain("dryrun");
    expect(flag.stderr).toContain("--dry-run");
    expect((await expectBelay(made, 2, [])).stderr).toContain("--help");
  });

  it("that is an unknown change, target, stage or rollout exits 2 and lists what is known", async () => {
    const made = await oneTarget();
    const calls = [
      [["build", "nothing_like_it"], region],
      [["rollout", "--to", "nothing_like_it"], region],
      [["rollout", "--stage", "moon"], "main"],
      [["status", "--target", "moon"], "main"],
      [["rehearse", "--target", "moon"], "main"],
      [["revert", "AddRegion", "--target", "moon", "--yes"], "main"],
    ] as const;
    for (const [args, known] of calls) {
      const { stderr } = await expectBelay(made, 2, args);
      expect(stderr).toContain(known);
    }
  });
});

describe("a config", () => {
  it("that is wrong exits 2, names the key and the nearest one, and repeats no url", async () => {
    const made = await project(addRegion, { targets: ["main"] });
    await made.configure({ gatess: {} } as object);
    const { stderr } = await expectBelay(made, 2, ["status"]);
    expect(stderr).toContain('unknown key "gatess"; did you mean "gates"?');
    await made.configure({ targets: { main: { url: "mysql://u:s3cret@somewhere/x" } } });
    const url = await expectBelay(made, 2, ["status", "--json"]);
    expect(url.json().error.message).toContain("targets.main.url");
    expect(url.stdout + url.stderr).not.toContain("s3cret");
  });

  it("that is not JSON, or is not there, exits 2 and names the file", async () => {
    const made = await project({}, { targets: [] });
    await made.write({ "belay.config.json": "{ targets:" });
    expect((await expectBelay(made, 2, ["status"])).stderr).toContain("belay.config.json");
    expect((await expectBelay(made, 2, ["status", "--config", "other.json"])).stderr).toContain("other.json");
  });

  it("is found from a folder below, and --config names another", async () => {
    const made = await oneTarget();
    await made.write({ "deep/er/note.txt": "", "other.json": await made.read("belay.config.json") });
    const below = await belay(`${made.root}/deep/er`, ["plan", "--json"]);
    expect(below.json().plan.changes).toHaveLength(1);
    await made.remove("belay.config.json");
    const named = await belay(made, ["plan", "--json", "--config", "other.json"]);
    expect(named.json().plan.changes).toHaveLength(1);
  });

  it("takes ${NAME} from the environment", async () => {
    const made = await oneTarget();
    const { url } = made.database("main");
    await made.configure({ ...unrehearsed, targets: { main: { url: "${THE_DATABASE}" } } });
    const result = await expectBelay(made, 0, ["status", "--json"], { env: { THE_DATABASE: url } });
    expect(result.json().targets[0]).toMatchObject({ target: "main", unreachable: null, pending: [region] });
  });
});
