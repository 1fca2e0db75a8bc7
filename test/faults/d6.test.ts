import { afterEach, describe, expect, it } from "vitest";
import { appliedOn, exists } from "../cli/fixture.js";
import { belay, expectBelay } from "../support/cli.js";
import { openPooler, type Pooler, type PoolerOptions } from "../world/pooler.js";
import { until } from "../world/server.js";
import { changeId, commands, journey, type Journey } from "./journey.js";

const halves = {
  up: "ALTER TABLE tasks ADD COLUMN model text;",
  down: "ALTER TABLE tasks DROP COLUMN model;",
};

/** What a command leaves on the pooler's sessions is known when its process has ended. */
const own = { alone: true };

const poolers: Pooler[] = [];
afterEach(async () => {
  for (const pooler of poolers.splice(0)) await pooler.close();
});

/** A project whose database is reached through a pooler; what its application has set for itself is there to be spoilt. */
async function pooled(
  direction: "up" | "down",
  options: PoolerOptions,
): Promise<Journey & { readonly pooler: Pooler }> {
  const made = await journey(direction, halves);
  await made.database.query(`ALTER DATABASE ${made.database.name} SET statement_timeout = '7s'`);
  const pooler = await openPooler(made.database.url, options);
  poolers.push(pooler);
  await made.through(pooler.port);
  return { ...made, pooler };
}

async function advisoryLocks({ database }: Journey): Promise<number> {
  const rows = await database.query(
    "SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE d.datname = current_database() AND l.locktype = 'advisory'",
  );
  return rows.length;
}

const transactionPools = [1, 2, 5].flatMap((size) =>
  (["last", "round robin"] as const).map((order): [number, PoolerOptions["order"]] => [size, order]),
);

describe("D6: a pooler stands before the database", () => {
  it.each(transactionPools)(
    "one in transaction mode, with %i sessions given out %s first, is refused, and nothing of ours stays on them",
    async (size, order) => {
      const made = await pooled("up", { mode: "transaction", size, order });
      const { stderr } = await expectBelay(made.made, 2, commands.up, own);
      expect(stderr).toMatch(/a connection pooler (in transaction mode )?stands before the database/);
      expect(stderr).toMatch(/direct url|session mode/);
      expect(await exists(made.database, "belay.journal")).toBe(false);
      expect(await advisoryLocks(made)).toBe(0);
      expect(new Set(await made.pooler.ask("SHOW statement_timeout"))).toEqual(new Set(["7s"]));
      expect(new Set(await made.pooler.ask("SHOW application_name"))).toEqual(new Set(["app"]));
    },
  );

  it("a way back through one is refused too, and a reading command leaves nothing of ours on its sessions", async () => {
    const made = await pooled("down", { mode: "transaction", size: 2, order: "last" });
    await expectBelay(made.made, 2, commands.down, own);
    expect(await appliedOn(made.database)).toEqual([changeId]);
    await belay(made.made, ["status"], own);
    expect(await advisoryLocks(made)).toBe(0);
    expect(new Set(await made.pooler.ask("SHOW statement_timeout"))).toEqual(new Set(["7s"]));
  });

  it("one in session mode works, there and back", async () => {
    const made = await pooled("up", { mode: "session", size: 5, order: "last" });
    await expectBelay(made.made, 0, commands.up, own);
    expect(await appliedOn(made.database)).toEqual([changeId]);
    await expectBelay(made.made, 0, commands.down, own);
    expect(await appliedOn(made.database)).toEqual([]);
    // The pooler cleans its session when its client has gone.
    await until(async () => (await advisoryLocks(made)) === 0);
  });
});
