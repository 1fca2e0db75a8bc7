import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { openSession, type Session } from "../../src/postgres/session/session.js";
import { operate } from "../lock/world.js";
import { freshDatabase } from "../support/database.js";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function session(prepare = ""): Promise<Session> {
  const database = await freshDatabase("session");
  cleanups.push(() => database.drop());
  await database.client.query(prepare.replaceAll("$database", database.name));
  const opened = await openSession(database.url, { applicationName: "belay/test" });
  cleanups.push(() => opened.close());
  return opened;
}

describe("a session of ours", () => {
  it("is rid of all that a change has left on it: a temporary table would hide the next one's", async () => {
    const one = await session("CREATE TABLE tasks (id int)");
    await one.client
      .query(`CREATE TEMP TABLE tasks (id int); SELECT pg_advisory_lock(7); PREPARE again AS SELECT 1; SET ROLE pg_monitor;
      DECLARE held CURSOR WITH HOLD FOR SELECT 1`);
    await one.reset();
    expect(await one.query("SELECT relpersistence FROM pg_class WHERE oid = 'tasks'::regclass")).toEqual([{ relpersistence: "p" }]); // prettier-ignore
    expect(await one.query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")).toEqual([]);
    expect(await one.query("SELECT FROM pg_prepared_statements")).toEqual([]);
    expect(await one.query("SELECT FROM pg_cursors WHERE name = 'held'")).toEqual([]);
    expect(await one.query("SELECT current_user = session_user AS same")).toEqual([{ same: true }]);
  });

  it("writes names as it always does, whatever its database has set for that", async () => {
    const one = await session("ALTER DATABASE $database SET quote_all_identifiers = on");
    expect(await one.query("SELECT quote_ident('plain') AS name")).toEqual([{ name: "plain" }]);
  });

  // Only Linux shows its timers.
  it.runIf(process.platform === "linux")(
    "asks after seconds of silence, and not after hours, whether its server is still there",
    async () => {
      const one = await session();
      const { stream } = (one.client as unknown as { readonly connection: { readonly stream: Socket } }).connection;
      const port = (stream.localPort ?? 0).toString(16).toUpperCase().padStart(4, "0");
      const sockets = (await readFile("/proc/net/tcp", "utf8")).split("\n").map((line) => line.trim().split(/\s+/));
      // proc(5): the timer that runs, 2 for keepalive, and in how many hundredths of a second it ends.
      const [kind, left] = sockets.find(([, local]) => local?.endsWith(`:${port}`) === true)?.[5]?.split(":") ?? [];
      expect(kind).toBe("02");
      expect(Number.parseInt(left ?? "", 16)).toBeLessThanOrEqual(1_600);
    },
  );
});

describe("the operator of a database", () => {
  it("is named with since when to a role that may not see the other's session", async () => {
    const database = await freshDatabase("operator");
    cleanups.push(() => database.drop());
    const held = await operate(database.url);
    cleanups.push(() => held.close());
    const role = `${database.name}_deploy`;
    await database.client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret';
      GRANT ALL ON SCHEMA belay, belay_kept TO ${role}; GRANT ALL ON ALL TABLES IN SCHEMA belay TO ${role}`);
    cleanups.push(() => database.client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
    const url = new URL(database.url);
    [url.username, url.password] = [role, "secret"];
    const busy = (await operate(url.href).catch((thrown: unknown) => thrown)) as Error;
    expect(busy.message).toMatch(
      /somebody else is at work there\. ada@test: \w+ from somewhere, .* since 20\d\d-.* UTC\.$/,
    );
    const [said] = await database.query("SELECT set_config('role', $1, false)", [role]);
    expect(said).toBeDefined();
    await expect(database.query("SELECT belay.begin_revert('x', 'y', 1, false)")).rejects.toThrow(
      /at work in this database \(process \d+ of \w+, belay\/.*, since 20\d\d-/,
    );
    await database.query("RESET ROLE");
  });

  it("of another database is nobody's concern here", async () => {
    const [here, there] = [await freshDatabase("here"), await freshDatabase("there")];
    cleanups.push(
      () => here.drop(),
      () => there.drop(),
    );
    const others = await operate(there.url);
    const ours = await operate(here.url);
    cleanups.push(
      () => ours.close(),
      () => others.close(),
    );
    const refusal = here.query("SELECT belay.begin_revert('x', 'y', 1, false)");
    await expect(refusal).rejects.toThrow(`process ${ours.operator.pid} of`);
    await expect(there.query("SELECT belay.begin_revert('x', 'y', 1, false)")).rejects.toThrow(
      `process ${others.operator.pid} of`,
    );
  });
});
