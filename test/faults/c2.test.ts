import { describe, expect, it } from "vitest";
import { appliedOn, exists } from "../cli/fixture.js";
import { expectBelay } from "../support/cli.js";
import type { FreshDatabase } from "../support/database.js";
import { connect } from "../world/server.js";
import { endOf, kill, sessionWhere } from "../world/watch.js";
import { changeId, commands, journey, type Journey } from "./journey.js";

const halves = {
  up: "CREATE UNIQUE INDEX CONCURRENTLY tasks_n ON tasks (n);",
  down: "DROP INDEX CONCURRENTLY tasks_n;",
};
const carefully = { ...halves, up: "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS tasks_n ON tasks (n);" };

async function invalidIndexes({ query }: FreshDatabase): Promise<readonly unknown[]> {
  return (await query("SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid")).map(
    ({ name }) => name,
  );
}

/** Starts the command, and keeps it in the middle of its statement by a reader. */
async function stuck(made: Journey): Promise<{
  readonly running: ReturnType<Journey["start"]>;
  readonly pid: number;
  release(): Promise<void>;
}> {
  const reader = await connect(made.database.url);
  await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  await reader.query("SELECT count(*) FROM tasks");
  const running = made.start();
  const pid = await sessionWhere(made.database.client, "wait_event = 'virtualxid'", endOf(running));
  expect(await invalidIndexes(made.database)).toEqual(["tasks_n"]);
  return { running, pid: pid ?? 0, release: () => reader.end() };
}

/** Two rows alike: an invalid UNIQUE index would refuse the second. */
async function takesTwins({ query }: FreshDatabase): Promise<void> {
  await query("INSERT INTO tasks (state, n) VALUES ('twin', 7), ('twin', 7)");
}

describe("C2: a statement CONCURRENTLY fails", () => {
  it("one that meets duplicates leaves nothing, and goes back", async () => {
    const made = await journey("up", halves);
    await takesTwins(made.database);
    const { stderr } = await expectBelay(made.made, 4, commands.up);
    expect(stderr).toContain("could not create unique index");
    expect(await exists(made.database, "tasks_n")).toBe(false);
    await takesTwins(made.database);
  });

  it("one that is cancelled leaves nothing, and goes back", async () => {
    const made = await journey("up", halves);
    const { running, pid, release } = await stuck(made);
    await made.database.query("SELECT pg_cancel_backend($1)", [pid]);
    await release();
    expect((await running.result).exitCode).toBe(4);
    expect(await exists(made.database, "tasks_n")).toBe(false);
    await takesTwins(made.database);
  });

  it("one whose process is killed leaves an index that the next command drops and builds anew", async () => {
    const made = await journey("up", halves);
    const { running, release } = await stuck(made);
    await kill(running);
    await made.database.query(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE wait_event = 'virtualxid'",
    );
    await release();
    expect(await invalidIndexes(made.database)).toEqual(["tasks_n"]);
    await expectBelay(made.made, 0, commands.up);
    expect(await invalidIndexes(made.database)).toEqual([]);
    expect(await appliedOn(made.database)).toEqual([changeId]);
    await expect(takesTwins(made.database)).rejects.toThrow("duplicate key");
  });

  it("an invalid UNIQUE index that still refuses rows is gone after the next command, which goes back", async () => {
    const made = await journey("up", halves);
    const { running, release } = await stuck(made);
    await kill(running);
    await made.database.query(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE wait_event = 'virtualxid'",
    );
    await release();
    await expect(takesTwins(made.database)).rejects.toThrow("duplicate key");
    const [row] = await made.database.query("SELECT rollout FROM belay.journal WHERE kind = 'rollout-started'");
    await expectBelay(made.made, 0, ["abort", String(row?.["rollout"])]);
    expect(await exists(made.database, "tasks_n")).toBe(false);
    await takesTwins(made.database);
  });

  it("a way back that is killed in its middle leaves an index that the next command drops", async () => {
    const made = await journey("down", halves);
    const { running, release } = await stuck(made);
    await kill(running);
    await made.database.query(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE wait_event = 'virtualxid'",
    );
    await release();
    expect(await invalidIndexes(made.database)).toEqual(["tasks_n"]);
    await expectBelay(made.made, 0, commands.down);
    expect(await exists(made.database, "tasks_n")).toBe(false);
    expect(await appliedOn(made.database)).toEqual([]);
  });

  it.each([
    ["with IF NOT EXISTS", carefully],
    ["without", halves],
  ])(
    "an INVALID index that somebody else left is not taken for done, but named with what to do: %s",
    async (_, pair) => {
      const made = await journey("up", pair);
      await takesTwins(made.database);
      await made.database.query("CREATE UNIQUE INDEX CONCURRENTLY tasks_n ON tasks (n)").catch(() => undefined);
      await made.database.query("DELETE FROM tasks WHERE state = 'twin'");
      expect(await invalidIndexes(made.database)).toEqual(["tasks_n"]);
      const { exitCode, stderr } = await made.start().result;
      expect(`${exitCode} ${stderr}`).toMatch(/^[34] /);
      expect(stderr).toMatch(/tasks_n/);
      expect(stderr).toMatch(/invalid/i);
      expect(stderr).toMatch(/DROP INDEX|REINDEX/);
      expect(await invalidIndexes(made.database)).toEqual(["tasks_n"]);
      expect(await appliedOn(made.database)).toEqual([]);
    },
  );
});
