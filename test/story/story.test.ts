import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sweepPlaygrounds } from "../../src/story/abandoned.js";
import { wrap } from "../../src/story/narrator.js";

const built = process.env["BELAY_TEST_CLI"] ?? fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const story = join(dirname(built), "../story/main.js");
const storyTimeoutMs = 240_000;

const outerTemporary = process.env["TMPDIR"];
let temporary = "";
let reports = "";

// One folder for all of them: each must leave it empty, but for the copy of PostgreSQL's programs that the next one finds there.
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), "belay story test "));
  // As root the server runs as another user, who must be able to pass.
  await chmod(temporary, 0o755);
  reports = await mkdtemp(join(tmpdir(), "belay-reports-"));
  process.env["TMPDIR"] = temporary;
});

afterAll(async () => {
  if (outerTemporary === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = outerTemporary;
  for (const folder of [temporary, reports]) await rm(folder, { recursive: true, force: true });
});

const blockedReport = `# FSAR Proposal Report
- id: fsar_2b1f6a90-0000-4000-8000-00000000000a
- timestamp: 2026-03-01T08:30:00.000Z
- severity: 4
- block_execution: true
- proposal:

\`\`\`sql
CREATE INDEX idx_attempts ON execution_tasks (attempts);
\`\`\`
`;

/** Gives a report's path, in a folder of its own. */
async function writeReport(): Promise<string> {
  const file = join(reports, "blocked.md");
  await writeFile(file, blockedReport);
  return file;
}

interface RunningStory {
  readonly child: ChildProcess;
  said(): string;
  /** Resolves when the text was said. */
  says(text: string): Promise<void>;
  readonly exitCode: Promise<number | null>;
}

function start(...args: readonly string[]): RunningStory {
  // Both outputs go through one pipe, so that their lines stay in order.
  const child = spawn("sh", ["-c", 'exec "$0" "$@" 2>&1', process.execPath, story, ...args], {
    // A database of one's own must not become the story's.
    env: { ...process.env, DATABASE_URL: "postgres://nobody@127.0.0.1:1/mine", PGSSLMODE: "require", NO_COLOR: "" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const exitCode = once(child, "close").then(([code]) => code as number | null);
  const says = async (wanted: string): Promise<void> => {
    while (!text.includes(wanted)) {
      const heard = once(child.stdout, "data").then(() => true);
      if (!(await Promise.race([heard, exitCode.then(() => false)])))
        throw new Error(`"${wanted}" was not said:\n${text}`);
    }
  };
  return { child, said: () => text, says, exitCode };
}

/** What is left in the folder for temporary files, but for the copy of PostgreSQL's programs, which every command may use. */
async function left(): Promise<readonly string[]> {
  return (await readdir(temporary)).filter((name) => !name.startsWith("belay-postgres-"));
}

/** The processes that were told of a folder in there. */
async function processes(): Promise<readonly string[]> {
  const pids = process.platform === "linux" ? (await readdir("/proc")).filter((name) => /^\d+$/.test(name)) : [];
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => line.includes(temporary));
}

describe("the story", () => {
  it(
    "tells its seven steps with real commands, each ending as it should, and leaves nothing behind",
    { timeout: storyTimeoutMs },
    async () => {
      const running = start();
      expect({ code: await running.exitCode, said: running.said() }).toMatchObject({ code: 0 });
      const said = running.said();
      const steps = [
        "A sandbox",
        "$ belay propose proposals/ai-model.md",
        "idx_ai_model  written",
        "advisories",
        "Stop the failing tasks › Release order",
        "$ belay rehearse\n",
        "proven 20260101014704_add_ai_model_to_execution_tasks",
        "proven 20260101014705_idx_ai_model",
        "$ belay rollout --yes\n",
        "stage staging done",
        "stage production done",
        "completed",
        ", no error\n",
        "A change that breaks the application",
        "$ belay rollout --yes\n",
        "production  gate errors after: fail",
        "production  proved back: the catalog is what it was",
        "staging  proved back: the catalog is what it was",
        "exit 4\n",
        "Exit code 4: failed, rolled back, and proved to be back.",
        "$ belay revert AddAiModelToExecutionTasks --yes",
        "back, and proved",
        "exit 0\n",
        "kept    column public.execution_tasks.ai_model (settled)",
        "Where to go next",
      ];
      let from = 0;
      for (const step of steps) {
        const at = said.indexOf(step, from);
        expect(at, `"${step}" after ${from} in:\n${said}`).toBeGreaterThanOrEqual(0);
        from = at + step.length;
      }
      // oxlint-disable-next-line no-control-regex
      expect(said).not.toMatch(/\u001B|\r/);
      expect(await left()).toEqual([]);
      expect(await processes()).toEqual([]);
    },
  );

  it("shows on a blocked report that nothing of it may run, and ends well", { timeout: storyTimeoutMs }, async () => {
    const running = start(await writeReport());
    expect({ code: await running.exitCode, said: running.said() }).toMatchObject({ code: 0 });
    expect(running.said()).toContain("[proposal-blocked, exit 3]");
    expect(await left()).toEqual([]);
  });

  it(
    "ends on Ctrl-C with exit code 130, its command taken back, and leaves nothing behind",
    { timeout: storyTimeoutMs },
    async () => {
      const running = start();
      await running.says("$ belay rollout");
      running.child.kill("SIGINT");
      expect({ code: await running.exitCode, said: running.said() }).toMatchObject({ code: 130 });
      expect(await left()).toEqual([]);
      expect(await processes()).toEqual([]);
    },
  );

  it("clears up after one that was killed", { timeout: storyTimeoutMs }, async () => {
    const running = start();
    await running.says("A real PostgreSQL runs");
    running.child.kill("SIGKILL");
    await running.exitCode;
    expect(await left()).not.toEqual([]);
    await expect.poll(async () => (await sweepPlaygrounds(), left()), { timeout: 60_000, interval: 500 }).toEqual([]);
    expect(await processes()).toEqual([]);
  });

  it("does not begin with a report that is not there", async () => {
    const running = start("no-such-report.md");
    expect(await running.exitCode).toBe(2);
    expect(running.said()).toContain("There is no report no-such-report.md.");
  });
});

describe("a paragraph", () => {
  it("breaks between words, at the width and not before", () => {
    expect(wrap("one two three four", 9)).toEqual(["one two", "three", "four"]);
    expect(wrap("a-word-that-is-too-long to break", 8)).toEqual(["a-word-that-is-too-long", "to break"]);
  });
});
