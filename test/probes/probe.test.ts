import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BelayError } from "../../src/errors.js";
import { gateDefaults, type Conditions, type Gate, type Probe } from "../../src/gate/gate.js";
import { measure, type ProbeContext } from "../../src/rollout/probe.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { node } from "./processes.js";

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase("probe");
});
afterAll(() => database.drop());

const context = (): ProbeContext => ({
  withSqlClient: (use) => use(database.client),
  cwd: process.cwd(),
  env: { ANSWER: "42" },
});

function gate(probe: Probe, success: Conditions): Gate {
  return gateDefaults({ name: "any", probe, phases: ["after"], success }, "after");
}

describe("a gate is measured with the probe that it has", () => {
  it("sql, on the session that it is lent", async () => {
    const reading = await measure(gate({ kind: "sql", query: "SELECT 42" }, { max: 0 }), context());
    expect(reading).toMatchObject({ kind: "value", value: 42 });
  });

  it("http", async () => {
    const server = createServer((_request, response) => response.end("42")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const reading = await measure(gate({ kind: "http", url }, { max: 0 }), context());
    server.close();
    expect(reading).toMatchObject({ kind: "value", value: 42, status: 200 });
  });

  it("command, with the variables of the context", async () => {
    const probe: Probe = { kind: "command", run: node("console.log(process.env.ANSWER)") };
    expect(await measure(gate(probe, { max: 0 }), context())).toMatchObject({ kind: "value", value: 42, status: 0 });
  });

  it("a target that gives no session is an error of the probe", async () => {
    const withSqlClient = async (): Promise<never> => {
      throw new BelayError("usage", "server-unreachable", "db.test: nothing listens there.");
    };
    const reading = await measure(gate({ kind: "sql", query: "SELECT 0" }, { max: 0 }), {
      ...context(),
      withSqlClient,
    });
    expect(reading).toMatchObject({ kind: "error", message: "db.test: nothing listens there." });
  });

  it.each<[string, Probe]>([
    ["sql", { kind: "sql", query: "SELECT 0" }],
    ["http", { kind: "http", url: "http://127.0.0.1:1" }],
    ["command", { kind: "command", run: node("") }],
  ])("an abort reaches the %s probe", async (_title, probe) => {
    const reading = await measure(gate(probe, { maxMs: 5_000 }), { ...context(), signal: AbortSignal.abort() });
    expect(reading).toMatchObject({ kind: "error", message: "the measurement was cancelled" });
  });
});
