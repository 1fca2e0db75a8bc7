import { describe, expect, it } from "vitest";
import { startBelay } from "../support/cli.js";
import { connect } from "../world/server.js";
import { endOf, sessionWhere } from "../world/watch.js";
import { appliedOn } from "../cli/fixture.js";
import { changeId, commands, directions, journey } from "./journey.js";

const halves = {
  up: "CREATE INDEX CONCURRENTLY tasks_state ON tasks (state);",
  down: "DROP INDEX CONCURRENTLY tasks_state;",
};

describe("C1: a second command asks for the operator's lock while an index is built concurrently", () => {
  it.concurrent.each(directions)(
    "the one that asks holds no snapshot, so that neither waits for the other: %s",
    async (direction) => {
      const { made, database, start } = await journey(direction, halves);
      const reader = await connect(database.url);
      await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
      await reader.query("SELECT count(*) FROM tasks");
      const first = start();
      expect(await sessionWhere(database.client, "wait_event = 'virtualxid'", endOf(first))).not.toBeNull();
      // A revert waits longest for the one who is at work: ten seconds.
      const second = startBelay(made, commands.down);
      const asks = "application_name LIKE 'belay-waiting/%' AND query LIKE '%pg_try_advisory_lock%'";
      expect(await sessionWhere(database.client, `${asks} AND state = 'idle'`, endOf(second))).not.toBeNull();
      expect(await sessionWhere(database.client, `${asks} AND backend_xmin IS NULL`, endOf(second))).not.toBeNull();
      await reader.end();
      expect(await first.result).toMatchObject({ exitCode: 0 });
      const { exitCode, stderr } = await second.result;
      expect(`${exitCode} ${stderr}`).toMatch(/^[03] /);
      const isBack = direction === "down" || exitCode === 0;
      expect(await appliedOn(database)).toEqual(isBack ? [] : [changeId]);
    },
  );
});
