import type { Client } from "pg";
import { compile } from "../../src/plan/compile.js";
import type { Step } from "../../src/plan/step.js";
import { stepsOf } from "../../src/plan/step.js";
import type { LockPolicy, RunContext } from "../../src/postgres/run/run-context.js";
import { openTarget, type OpenTarget } from "../../src/postgres/session/open-target.js";
import type { Progress } from "../../src/progress.js";
import { parseStatements } from "../../src/sql/parse.js";
import { pause } from "../world/server.js";

/** Opens a database as its operator. */
export async function operate(url: string): Promise<OpenTarget> {
  const note = (): void => undefined;
  return openTarget({
    name: "main",
    url,
    searchPath: "public",
    actor: "ada@test",
    rollout: "20260101-000000-aaaa",
    operatorPatienceMs: 1_000,
    note,
  });
}

export interface Watched extends RunContext {
  readonly told: Progress[];
}

/** What a change runs under, keeping everything that it tells. */
export function contextOf(target: OpenTarget, lock: Partial<LockPolicy> = {}): Watched {
  const told: Progress[] = [];
  return {
    target,
    change: "20260101000000_change",
    direction: "up",
    lock: { budgetMs: 200, patienceMs: 10_000, holdMs: 10_000, ...lock },
    report: (progress) => told.push(progress),
    signal: new AbortController().signal,
    told,
  };
}

/** The steps that a file's statements compile to. */
export async function stepsFor(sql: string): Promise<readonly Step[]> {
  const up = await parseStatements(sql, "test.up.sql");
  const plan = compile({
    id: "20260101000000_change",
    files: { up: "test.up.sql", down: "test.down.sql" },
    digest: "d",
    home: "public",
    form: "sql",
    up,
    down: [],
    transaction: "on",
    keep: "off",
  });
  return stepsOf(plan.forward);
}

/** Short transactions that take turns on a table, on the server itself, so that there is hardly ever a moment without one. */
export async function takeTurns(table: string, open: () => Promise<Client>): Promise<{ stop(): Promise<void> }> {
  const turns = `DO $turns$ BEGIN
    LOOP PERFORM count(*) FROM ${table}; PERFORM pg_sleep(0.06); COMMIT; END LOOP;
  END $turns$`;
  const clients: Client[] = [];
  const ended: Promise<unknown>[] = [];
  for (let n = 0; n < 4; n += 1) {
    const client = await open();
    clients.push(client);
    ended.push(client.query(turns).catch((thrown: unknown) => thrown));
    await pause(15);
  }
  return {
    stop: async () => {
      const stopper = await open();
      await stopper.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'DO $turns$%'");
      await Promise.all(ended);
    },
  };
}
