import { Client } from "pg";
import { expect } from "vitest";
import { expectBelay, project, type RunningBelay, type TestProject } from "../support/cli.js";

/** A change whose halves are written as one UPDATE each, there and back. */
export const backfillId = "20260101000100_add_hundred";

export const exact = {
  [`migrations/${backfillId}.up.sql`]: "-- belay:batch\nUPDATE tasks SET n = n + 100;\n",
  [`migrations/${backfillId}.down.sql`]: "-- belay:batch\nUPDATE tasks SET n = n - 100;\n",
};

/** Rows with ids 10, 20, 30 …: there is room between them. */
export const tasks = (rows: number): string => `
  CREATE TABLE tasks (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, note text);
  INSERT INTO tasks (id, n) SELECT i * 10, 0 FROM generate_series(1, ${rows}) i;`;

/** Whoever writes the row with the id in `stop` waits there, within the statement, for as long as a test holds the advisory lock 77. */
export const stopper = `
  CREATE TABLE stop (id bigint NOT NULL);
  CREATE FUNCTION stop_here() RETURNS trigger LANGUAGE plpgsql AS $f$
  BEGIN
    IF EXISTS (SELECT FROM stop s WHERE s.id = NEW.id) THEN
      LOOP
        EXIT WHEN pg_try_advisory_xact_lock_shared(77);
        PERFORM pg_sleep(0.01);
      END LOOP;
    END IF;
    RETURN NEW;
  END $f$;
  CREATE TRIGGER stop_here BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION stop_here();`;

/** A project with one target, built, whose changes need no rehearsal. */
export async function backfill(
  files: Readonly<Record<string, string>>,
  schema: string,
  config: object = {},
): Promise<TestProject> {
  const made = await project(files, {
    targets: ["main"],
    schema,
    config: { ...config, policy: { lock: { budget: "200ms", patience: "60s" }, rehearsal: { required: false } } },
  });
  await expectBelay(made, 0, ["build"]);
  return made;
}

/** How many rows have each n: `{ "100": 5000 }`. */
export async function countsOf(made: TestProject, where = "true"): Promise<Readonly<Record<string, number>>> {
  const rows = await made
    .database("main")
    .query<{ n: number; count: number }>(
      `SELECT n, count(*)::int AS count FROM tasks WHERE ${where} GROUP BY n ORDER BY n`,
    );
  return Object.fromEntries(rows.map(({ n, count }) => [String(n), count]));
}

/** Makes whoever comes to the row wait in the middle of its batch. */
export async function stopAt(made: TestProject, id: number): Promise<{ release(): Promise<void> }> {
  const holder = new Client({ connectionString: made.database("main").url });
  holder.on("error", () => undefined);
  await holder.connect();
  await holder.query("SELECT pg_advisory_lock(77)");
  await holder.query("INSERT INTO stop VALUES ($1)", [id]);
  return {
    release: async () => {
      await holder.query("DELETE FROM stop");
      await holder.end();
    },
  };
}

/** Waits until somebody stands at the stop, and gives its process id. */
export async function reached(made: TestProject, running?: RunningBelay): Promise<number> {
  let ended = false;
  void running?.result.then(() => (ended = true));
  return eventually(async () => {
    if (ended) throw new Error(`it ended before it came there: ${running?.stderr()}`);
    const [row] = await made
      .database("main")
      .query<{ pid: number }>(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
      );
    return row?.pid ?? null;
  });
}

/** Asks until there is an answer; not for ever. */
export async function eventually<T>(ask: () => Promise<T | null>): Promise<T> {
  const giveUpAt = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > giveUpAt) throw new Error("it did not come about");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Nothing of a backfill is left: no watermark, no session, no lock. */
export async function expectNothingLeft(made: TestProject): Promise<void> {
  const { query } = made.database("main");
  expect(await query("SELECT * FROM belay.watermark")).toEqual([]);
  expect(
    await query(
      "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'belay/%'",
    ),
  ).toEqual([]);
}
