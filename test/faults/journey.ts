import { build, pair } from "../cli/fixture.js";
import { expectBelay, project, startBelay, type RunningBelay, type TestProject } from "../support/cli.js";
import type { FreshDatabase } from "../support/database.js";

/** The two ways that a change goes. */
export const directions = ["up", "down"] as const;
export type Direction = (typeof directions)[number];

/** The command that takes the change each way. */
export const commands: Readonly<Record<Direction, readonly string[]>> = {
  up: ["rollout", "--yes"],
  down: ["revert", "--last", "--yes"],
};

export const changeId = "20260101000100_it";

/** The application's table. */
export const tasks = `
  CREATE TABLE tasks (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text NOT NULL, n int NOT NULL);
  INSERT INTO tasks (state, n) SELECT 'new', i FROM generate_series(1, 200) i;
`;

export interface Journey {
  readonly made: TestProject;
  readonly database: FreshDatabase;
  /** The command under test. */
  readonly command: readonly string[];
  start(): RunningBelay;
  /** Lets the targets be reached by another port. */
  through(port: number): Promise<void>;
}

/** A project with one target and one change, about to go up, or applied and about to go down. */
export async function journey(
  direction: Direction,
  halves: { readonly up: string; readonly down: string },
  options: { readonly schema?: string; readonly lock?: object; readonly head?: readonly string[] } = {},
): Promise<Journey> {
  const { schema = tasks, lock = {}, head = [] } = options;
  const policy = { lock: { budget: "200ms", patience: "60s", ...lock }, rehearsal: { required: false } };
  const made = await project(pair(changeId, halves.up, halves.down, ...head), {
    targets: ["main"],
    schema,
    config: { policy },
  });
  await build(made);
  const database = made.database("main");
  if (direction === "down") await expectBelay(made, 0, commands.up);
  return {
    made,
    database,
    command: commands[direction],
    start: () => startBelay(made, commands[direction]),
    through: (port) => {
      const url = new URL(database.url);
      url.port = String(port);
      return made.configure({ targets: { main: { url: url.href } }, policy });
    },
  };
}

/** How many sessions of ours there are in the database. */
export async function sessionsOfOurs({ query }: FreshDatabase): Promise<number> {
  const [row] = await query<{ count: number }>(
    "SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ '^belay(/|-waiting)'",
  );
  return row?.count ?? 0;
}

/** The sum of what a change may add to. */
export async function sumOf({ query }: FreshDatabase): Promise<number> {
  const [row] = await query<{ sum: number }>("SELECT sum(n)::int AS sum FROM tasks");
  return row?.sum ?? 0;
}

/** The first UPDATE that comes to row 100 after `hold` waits in its middle until `letGo`; a sequence remembers which was the first, whatever is rolled back. */
export const holding = `${tasks}
  CREATE SEQUENCE held;
  CREATE FUNCTION hold_here() RETURNS trigger LANGUAGE plpgsql AS $f$
  BEGIN
    IF nextval('held') > 1 THEN RETURN NEW; END IF;
    LOOP
      EXIT WHEN pg_try_advisory_lock_shared(77);
      PERFORM pg_sleep(0.01);
    END LOOP;
    PERFORM pg_advisory_unlock_shared(77);
    RETURN NEW;
  END $f$;
  CREATE TRIGGER hold_here BEFORE UPDATE ON tasks FOR EACH ROW WHEN (NEW.id = 100) EXECUTE FUNCTION hold_here();
`;

export async function hold({ query }: FreshDatabase): Promise<void> {
  await query("SELECT setval('held', 1, false), pg_advisory_lock(77)");
}

export async function letGo({ query }: FreshDatabase): Promise<void> {
  await query("SELECT pg_advisory_unlock(77)");
}
