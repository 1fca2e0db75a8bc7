import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "../../src/system/run-command.js";
import { isRunning, node } from "./processes.js";

let cwd: string;
beforeAll(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), "belay command ")));
});
afterAll(() => rm(cwd, { recursive: true }));

/** A program that starts a child which ignores SIGTERM, writes the child's id into a file, prints a line, and then waits. */
const withStubbornChild = node(`
  const { spawn } = require("node:child_process");
  const child = spawn(process.execPath, ["-e", \`
    process.on("SIGTERM", () => {});
    require("node:fs").writeFileSync("child.pid", String(process.pid));
    console.log("ready");
    setInterval(() => {}, 1000);
  \`], { stdio: "inherit" });
  setInterval(() => {}, 1000);
`);

async function childIsRunning(): Promise<boolean> {
  return isRunning(Number(await readFile(join(cwd, "child.pid"), "utf8")));
}

describe("a command", () => {
  it("gives its exit code and what it said, and a failure is a result", async () => {
    const result = await runCommand(node(`console.log("out"); console.error("err"); process.exitCode = 3`), { cwd });
    expect(result).toMatchObject({
      exitCode: 3,
      signal: null,
      stdout: "out\n",
      stderr: "err\n",
      timedOut: false,
      cancelled: false,
    });
  });

  it("runs without a shell, in the given folder, with the given variables added", async () => {
    const print = node(
      `console.log(JSON.stringify([process.cwd(), process.env.STAGE, process.env.PATH, process.argv.slice(1)]))`,
    );
    const result = await runCommand([...print, "$HOME; exit 1", "*"], { cwd, env: { STAGE: "staging" } });
    expect(JSON.parse(result.stdout)).toEqual([cwd, "staging", process.env["PATH"], ["$HOME; exit 1", "*"]]);
  });

  it("has nothing to read from", async () => {
    const result = await runCommand(node(`process.stdin.on("data", () => {}).on("end", () => console.log("end"))`), {
      cwd,
    });
    expect(result.stdout).toBe("end\n");
  });

  it("hands on each line as it comes, the last one without a line end too", async () => {
    const lines: string[] = [];
    await runCommand(
      node(`process.stdout.write("one\\r\\ntw"); setTimeout(() => process.stdout.write("o\\n\\nünd"), 50)`),
      {
        cwd,
        onLine: (line, stream) => lines.push(`${stream}: ${line}`),
      },
    );
    expect(lines).toEqual(["stdout: one", "stdout: two", "stdout: ", "stdout: ünd"]);
  });

  it("that is cut within a character by the pipe is read whole", async () => {
    const halves = node(`
      process.stdout.write(Buffer.from([0xc3]));
      setTimeout(() => process.stdout.write(Buffer.from([0xbc])), 50);
    `);
    expect(await runCommand(halves, { cwd })).toMatchObject({ stdout: "ü" });
  });

  it("keeps the end of an output that is too long, by much or by little", async () => {
    const result = await runCommand(node(`for (let i = 0; i < 100000; i++) console.log(i)`), { cwd, outputLimit: 12 });
    expect(result.stdout).toBe("99998\n99999\n");
    const little = await runCommand(node(`process.stdout.write("123456")`), { cwd, outputLimit: 5 });
    expect(little.stdout).toBe("23456");
  });

  it("that is ended by a signal says which", async () => {
    const result = await runCommand(node(`process.kill(process.pid, "SIGKILL")`), { cwd });
    expect(result).toMatchObject({ exitCode: null, signal: "SIGKILL", timedOut: false, cancelled: false });
  });

  it("does not wait for a child that it left in the background with our pipe", async () => {
    const leaves = node(`
      const { spawn } = require("node:child_process");
      const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit", detached: true });
      child.unref();
      console.log(child.pid);
      setTimeout(() => process.exit(0), 50);
    `);
    const result = await runCommand(leaves, { cwd });
    const child = Number(result.stdout);
    expect(isRunning(child)).toBe(true);
    process.kill(child, "SIGKILL");
    expect(result.exitCode).toBe(0);
  });
});

describe("the end of a command", () => {
  it("comes at its timeout, for its children too, even when they ignore SIGTERM", async () => {
    const result = await runCommand(withStubbornChild, { cwd, timeoutMs: 3_000, graceMs: 100 });
    expect(result).toMatchObject({
      exitCode: null,
      signal: "SIGTERM",
      stdout: "ready\n",
      timedOut: true,
      cancelled: false,
    });
    expect(await childIsRunning()).toBe(false);
  });

  it("comes with the abort, for its children too", async () => {
    const abort = new AbortController();
    const result = await runCommand(withStubbornChild, {
      cwd,
      signal: abort.signal,
      graceMs: 100,
      onLine: () => abort.abort(),
    });
    expect(result).toMatchObject({ timedOut: false, cancelled: true });
    expect(await childIsRunning()).toBe(false);
  });

  it("leaves a command that ends by itself within the grace its own exit code", async () => {
    const abort = new AbortController();
    const tidy = node(
      `process.on("SIGTERM", () => process.exit(7)); console.log("ready"); setInterval(() => {}, 1000)`,
    );
    const result = await runCommand(tidy, { cwd, signal: abort.signal, onLine: () => abort.abort() });
    expect(result).toMatchObject({ exitCode: 7, signal: null, cancelled: true });
  });

  it("comes before the start when it was aborted already", async () => {
    const result = await runCommand(node(`require("node:fs").writeFileSync("ran", "")`), {
      cwd,
      signal: AbortSignal.abort(),
    });
    expect(result).toMatchObject({ exitCode: null, cancelled: true });
    await expect(readFile(join(cwd, "ran"))).rejects.toThrow("ENOENT");
  });

  it("comes with the end of this process, which a group of its own would otherwise outlive", async () => {
    const caller = join(cwd, "caller.ts");
    const source = new URL("../../src/system/run-command.ts", import.meta.url).pathname;
    await writeFile(
      caller,
      `import { runCommand } from ${JSON.stringify(source)};
       await runCommand(${JSON.stringify(withStubbornChild)}, { cwd: ${JSON.stringify(cwd)}, onLine: () => process.exit(9) });`,
    );
    const jiti = new URL("../../node_modules/jiti/lib/jiti-cli.mjs", import.meta.url).pathname;
    const result = await runCommand([process.execPath, jiti, caller], { cwd });
    expect(result).toMatchObject({ exitCode: 9 });
    await expect.poll(childIsRunning).toBe(false);
  });
});

describe("a command that cannot be started", () => {
  it.each([
    ["an unknown executable", ["belay-no-such-command"], "command-not-found"],
    ["a file without the right to execute", ["./plain.txt"], "command-not-executable"],
    ["no word at all", [], "command-empty"],
    ["an empty word", [""], "command-empty"],
  ])("%s is wrong usage", async (_title, argv, code) => {
    await writeFile(join(cwd, "plain.txt"), "text");
    await expect(runCommand(argv, { cwd })).rejects.toMatchObject({ kind: "usage", code });
  });

  it("a missing folder is named as such", async () => {
    const run = runCommand(node(""), { cwd: join(cwd, "missing") });
    await expect(run).rejects.toMatchObject({ kind: "usage", code: "command-folder-missing" });
  });
});
