import type { Client } from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { wantedLocks } from "../../src/plan/wanted-locks.js";
import { readEntries } from "../../src/postgres/ledger/reader.js";
import { runTransaction } from "../../src/postgres/run/run-transaction.js";
import type { OpenTarget } from "../../src/postgres/session/open-target.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { contextOf, operate, stepsFor, type Watched } from "../lock/world.js";
import { connect } from "../world/server.js";

const schema = "CREATE TABLE tasks (id int PRIMARY KEY); INSERT INTO tasks VALUES (1);";
const column = "ALTER TABLE tasks ADD COLUMN model text";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Place {
  readonly database: FreshDatabase;
  readonly target: OpenTarget;
  /** A session of a role that is no superuser. */
  application(): Promise<Client>;
}

async function place(): Promise<Place> {
  const database = await freshDatabase("l5");
  cleanups.push(() => database.drop());
  const role = `${database.name}_app`;
  await database.client.query(`${schema} CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT ALL ON tasks TO ${role}`);
  cleanups.push(() => database.client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
  const target = await operate(database.url);
  cleanups.push(() => target.close());
  const url = new URL(database.url);
  [url.username, url.password] = [role, "secret"];
  return {
    database,
    target,
    application: async () => {
      const client = await connect(url.href);
      cleanups.push(() => client.end().catch(() => undefined)); // it may have been terminated
      return client;
    },
  };
}

async function alter(context: Watched): Promise<unknown> {
  return runTransaction(context, column, (session) => session.query(column), wantedLocks(await stepsFor(column)));
}

function endedBy({ told }: Watched): readonly unknown[] {
  return told.flatMap((one) => (one.kind === "blocker-ended" ? [{ how: one.how, pid: one.blocker.pid }] : []));
}

async function pidOf(client: Client): Promise<number> {
  return (await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows[0]?.pid ?? 0;
}

describe("L5: somebody stands in the way, and a person has allowed to end him", () => {
  it("idle in a transaction: a cancel frees nothing, so the session is terminated, named and recorded", async () => {
    const { target, application } = await place();
    const holder = await application();
    const pid = await pidOf(holder);
    await holder.query("BEGIN; SELECT count(*) FROM tasks");
    const context = contextOf(target, { terminateOlderThanMs: 0 });
    await alter(context);
    expect(endedBy(context)).toEqual([{ how: "terminated", pid }]);
    const recorded = (await readEntries(target.operator)).filter(({ kind }) => kind === "blocker-ended");
    expect(recorded).toMatchObject([{ change: context.change, body: { how: "terminated", blocker: { pid } } }]);
  });

  it("active: its statement is cancelled, and its session stays", async () => {
    const { target, application } = await place();
    const holder = await application();
    const pid = await pidOf(holder);
    const sleeping = holder.query("SELECT pg_sleep(60) FROM tasks").catch((thrown: unknown) => thrown);
    const context = contextOf(target, { terminateOlderThanMs: 0, patienceMs: 20_000 });
    await alter(context);
    expect(endedBy(context)).toEqual([{ how: "cancelled", pid }]);
    expect(await sleeping).toMatchObject({ code: "57014" });
    expect((await holder.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });

  it("a younger transaction, a superuser's and our own are left alone, whatever their age", async () => {
    const { database, target, application } = await place();
    const young = await application();
    await young.query("BEGIN; SELECT count(*) FROM tasks");
    const first = contextOf(target, { terminateOlderThanMs: 3_600_000, patienceMs: 400 });
    await expect(alter(first)).rejects.toMatchObject({ code: "lock-patience-spent" });
    expect(endedBy(first)).toEqual([]);
    await young.query("COMMIT");
    await database.client.query("BEGIN; SELECT count(*) FROM tasks");
    const second = contextOf(target, { terminateOlderThanMs: 0, patienceMs: 400 });
    await expect(alter(second)).rejects.toMatchObject({ code: "lock-patience-spent" });
    expect(endedBy(second)).toEqual([]);
    await database.client.query("COMMIT");
    const other = await application();
    await other.query("SET application_name = 'belay-gate/x'; BEGIN; SELECT count(*) FROM tasks");
    const third = contextOf(target, { terminateOlderThanMs: 0, patienceMs: 400 });
    await expect(alter(third)).rejects.toMatchObject({ code: "lock-patience-spent" });
    expect(endedBy(third)).toEqual([]);
  });

  it("nobody is ended where nobody has allowed it", async () => {
    const { target, application } = await place();
    const holder = await application();
    await holder.query("BEGIN; SELECT count(*) FROM tasks");
    const context = contextOf(target, { patienceMs: 400 });
    await expect(alter(context)).rejects.toMatchObject({ code: "lock-patience-spent" });
    expect((await holder.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });
});
