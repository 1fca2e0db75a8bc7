import { afterEach, describe, expect, it } from "vitest";
import { openTarget } from "../../src/postgres/session/open-target.js";
import { freshDatabase } from "../support/database.js";
import { operate } from "../lock/world.js";
import { connect } from "../world/server.js";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

describe("a session that an interrupted run has left", () => {
  it("is ended by the next operator, who says so", async () => {
    const database = await freshDatabase("orphans");
    cleanups.push(() => database.drop());
    const left = await connect(database.url);
    cleanups.push(() => left.end().catch(() => undefined)); // it is terminated
    await left.query("SET application_name = 'belay/20260101-000000-aaaa/add_x'; BEGIN");
    await left.query("CREATE TABLE half_done ()");
    const notes: string[] = [];
    const target = await openTarget({
      name: "main",
      url: database.url,
      searchPath: "public",
      actor: "ada@test",
      rollout: null,
      operatorPatienceMs: 0,
      note: (message) => notes.push(message),
    });
    await target.close();
    expect(notes).toEqual([expect.stringMatching(/ended an orphaned session .*add_x: CREATE TABLE half_done/)]);
    expect(await database.query("SELECT to_regclass('half_done') AS found")).toEqual([{ found: null }]);
  });

  it("of a role that this one may not end is named, with what to do, and nothing is touched", async () => {
    const database = await freshDatabase("orphans");
    cleanups.push(() => database.drop());
    const role = `${database.name}_deploy`;
    await (await operate(database.url)).close();
    await database.client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret';
      GRANT ALL ON SCHEMA belay, belay_kept TO ${role}; GRANT ALL ON ALL TABLES IN SCHEMA belay TO ${role}`);
    cleanups.push(() => database.client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
    const left = await connect(database.url);
    cleanups.push(() => left.end());
    await left.query("SET application_name = 'belay/20260101-000000-aaaa/add_x'");
    const url = new URL(database.url);
    [url.username, url.password] = [role, "secret"];
    await expect(operate(url.href)).rejects.toMatchObject({
      kind: "refused",
      code: "orphan-foreign",
      message: expect.stringContaining("add_x"),
      hint: expect.stringContaining("pg_terminate_backend"),
    });
    expect((await left.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });
});
