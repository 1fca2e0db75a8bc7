import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gateDefaults, type Conditions, type GateOf } from "../../src/gate/gate.js";
import { evaluate } from "../../src/gate/measurement.js";
import { measureCommand } from "../../src/system/command-probe.js";
import { isRunning, node } from "./processes.js";

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "belay-probe-"));
});
afterAll(() => rm(cwd, { recursive: true }));

function gate(program: string, success?: Conditions, timeoutMs = 10_000): GateOf<"command"> {
  const probe = { kind: "command", run: node(program) } as const;
  return { ...gateDefaults({ name: "smoke", probe, phases: ["after"], success, timeoutMs }, "after"), probe };
}

describe("a command as a probe", () => {
  it("without conditions passes by exit code 0 and fails by any other", async () => {
    const good = gate("");
    const bad = gate("process.exitCode = 1");
    expect(evaluate(good, await measureCommand(good, { cwd }))).toMatchObject({
      outcome: "success",
      status: 0,
      value: null,
    });
    expect(evaluate(bad, await measureCommand(bad, { cwd }))).toMatchObject({
      outcome: "failure",
      status: 1,
      detail: "status 1 is not 0",
    });
  });

  it("gives the last number on stdout as the value", async () => {
    const reading = await measureCommand(gate(`console.log("tried 3\\nerrors: 12"); console.error("99")`, { max: 0 }), {
      cwd,
    });
    expect(reading).toMatchObject({ kind: "value", value: 12, status: 0 });
    expect(reading.latencyMs).toBeGreaterThan(0);
  });

  it("gives its last line to a gate that compares with a text", async () => {
    const reading = await measureCommand(
      gate(`console.log("checking\\nversion 1.10\\n")`, { equals: "version 1.10" }),
      { cwd },
    );
    expect(reading).toMatchObject({ kind: "value", value: "version 1.10" });
  });

  it("that prints no value where one is needed is no data", async () => {
    expect(await measureCommand(gate(`console.log("fine")`, { max: 0 }), { cwd })).toMatchObject({ kind: "no-data" });
    expect(await measureCommand(gate("", { equals: "ok" }), { cwd })).toMatchObject({ kind: "no-data" });
  });

  it("sees the variables and the folder that it is given", async () => {
    const seen = gate(`console.log(process.env.LIMIT, process.cwd().length)`, { max: 0 });
    expect(await measureCommand(seen, { cwd: "/", env: { LIMIT: "5" } })).toMatchObject({ kind: "value", value: 1 });
  });

  it("that takes too long is killed with its children, and its health check fails", async () => {
    const hangs = gate(
      `const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
       require("node:fs").writeFileSync("child.pid", String(child.pid));
       setInterval(() => {}, 1000);`,
      undefined,
      3_000,
    );
    const reading = await measureCommand(hangs, { cwd });
    expect(reading).toMatchObject({ kind: "no-answer", message: "the command took longer than 3000 ms" });
    expect(evaluate(hangs, reading).outcome).toBe("failure");
    expect(isRunning(Number(readFileSync(join(cwd, "child.pid"), "utf8")))).toBe(false);
  });

  it("that is missing, killed by a signal or cancelled is an error of the probe", async () => {
    const missing = gate("");
    const run = ["belay-no-such-command"];
    expect(await measureCommand({ ...missing, probe: { kind: "command", run } }, { cwd })).toMatchObject({
      kind: "error",
      message: 'There is no executable "belay-no-such-command".',
    });
    expect(await measureCommand(gate(`process.kill(process.pid, "SIGKILL")`), { cwd })).toMatchObject({
      kind: "error",
    });
    expect(await measureCommand(gate(""), { cwd, signal: AbortSignal.abort() })).toMatchObject({ kind: "error" });
  });
});
