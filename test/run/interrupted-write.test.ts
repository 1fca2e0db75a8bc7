import { expect, it } from "vitest";
import { built, catalogOf, pair } from "../cli/fixture.js";
import { startBelay } from "../support/cli.js";
import { until } from "../world/server.js";

it("Ctrl-C in the midst of a statement whose rows are kept leaves the rows as they were, and nothing that was kept of them", async () => {
  const slow = pair(
    "20260101000001_slow",
    "UPDATE tasks SET note = 'same' WHERE pg_sleep(2) IS NOT NULL;",
    "SELECT 1;",
  );
  const made = await built(slow, { targets: ["main"] });
  const database = made.database("main");
  const before = await catalogOf(database);
  const running = startBelay(made, ["rollout", "--json"]);
  await until(async () => {
    const sql = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%belay.write(%' AND state = 'active' AND wait_event = 'PgSleep'"; // prettier-ignore
    return (await database.query(sql)).length > 0;
  });
  running.kill("SIGINT");
  const result = await running.result;
  expect(result.json()).toMatchObject({ exitCode: 130, outcome: "aborted" });
  expect(result.exitCode).toBe(130);
  const [left] = await database.query(`SELECT (SELECT count(*)::int FROM tasks WHERE note = 'same') AS written,
    (SELECT count(*)::int FROM pg_class WHERE relnamespace = 'belay_kept'::regnamespace) AS kept, (SELECT count(*)::int FROM belay.image) AS images,
    (SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'belay/%' AND state <> 'idle') AS running`);
  expect(left).toEqual({ written: 0, kept: 0, images: 0, running: 0 });
  expect(await catalogOf(database)).toBe(before);
});
