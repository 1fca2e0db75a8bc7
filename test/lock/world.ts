import { compile } from "../../src/plan/compile.js";
import type { Step } from "../../src/plan/step.js";
import { stepsOf } from "../../src/plan/step.js";
import type { LockPolicy, RunContext } from "../../src/postgres/run/run-context.js";
import { openTarget, type OpenTarget } from "../../src/postgres/session/open-target.js";
import type { Progress } from "../../src/progress.js";
import { parseStatements } from "../../src/sql/parse.js";

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
    home: "public",
    form: "sql",
    up,
    down: [],
    transaction: "on",
    keep: "off",
  });
  return stepsOf(plan.forward);
}
