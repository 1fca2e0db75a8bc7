import { project, type TestProject } from "../support/cli.js";

/** A change whose halves are written as one UPDATE each, there and back. */
export const backfillId = "20260101000100_add_hundred";

export const exact = {
  [`migrations/${backfillId}.up.sql`]: "-- belay:batch\nUPDATE tasks SET n = n + 100;\n",
  [`migrations/${backfillId}.down.sql`]: "-- belay:batch\nUPDATE tasks SET n = n - 100;\n",
};

export const tasks = (rows: number): string => `
  CREATE TABLE tasks (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, note text);
  INSERT INTO tasks (id, n) SELECT i * 10, 0 FROM generate_series(1, ${rows}) i;`;

/** A project with one target, whose changes need no rehearsal. */
export async function backfill(
  files: Readonly<Record<string, string>>,
  schema: string,
  config: object = {},
): Promise<TestProject> {
  return project(files, {
    targets: ["main"],
    schema,
    config: { ...config, policy: { rehearsal: { required: false } } },
  });
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
