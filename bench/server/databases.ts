import { query, type BenchServer } from "./server.js";

let made = 0;

/**
 * Runs `work` with a database of its own, which is dropped afterwards: a copy of `template`, or an empty one. Everything that was written before is on disk when
 * the work begins, so that no contender pays for the one before it.
 */
export async function withDatabase<T>(
  server: BenchServer,
  template: string | null,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const name = `bench_${process.pid}_${(made += 1)}`;
  const admin = server.url("postgres");
  await query(admin, `CREATE DATABASE ${name} TEMPLATE ${template ?? "template0"} STRATEGY file_copy`);
  try {
    await query(admin, "CHECKPOINT");
    return await work(server.url(name));
  } finally {
    await query(admin, `DROP DATABASE ${name} WITH (FORCE)`);
  }
}
