import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { dueAtMs, dueBy } from "../measure/schedule.js";
import type { FromApplication, LoadOrder, LoadQuery, ToApplication } from "./order.js";

/*
 * The application that a change must not stall: a process of its own with many connections, which sends short queries at a fixed rate, each connection in its turn,
 * whether or not the ones before were answered.
 */

const dueAt: number[] = [];
const waitMs: number[] = [];
const state = { running: true, unanswered: 0, errors: 0, lastError: null as string | null, ownDelayMs: 0 };

async function start(order: LoadOrder): Promise<void> {
  const clients = await connectAll(order);
  await tell({ kind: "started" });
  await keepSending(order, clients);
  while (state.unanswered > 0) await sleep(5);
  await Promise.all(clients.map((client) => client.end()));
  await tell({
    kind: "stopped",
    dueAt: Float64Array.from(dueAt),
    waitMs: Float64Array.from(waitMs),
    errors: state.errors,
    lastError: state.lastError,
    ownDelayMs: state.ownDelayMs,
  });
  process.disconnect();
}

/** A few at a time: each login costs the server and us some milliseconds of work. */
async function connectAll({ url, clients }: LoadOrder): Promise<readonly pg.Client[]> {
  const connected: pg.Client[] = [];
  while (connected.length < clients) {
    const some = Array.from({ length: Math.min(8, clients - connected.length) }, async () => {
      const client = new pg.Client({ connectionString: url, application_name: "application" });
      await client.connect();
      return client;
    });
    connected.push(...(await Promise.all(some)));
  }
  return connected;
}

async function keepSending(order: LoadOrder, clients: readonly pg.Client[]): Promise<void> {
  const startedAt = performance.now();
  // A connection answers one query at a time: its next one waits in the application until then, as behind a pool.
  const answered = clients.map(() => Promise.resolve());
  let sent = 0;
  while (state.running) {
    const number = dueBy(performance.now() - startedAt, order.ratePerSecond);
    for (; sent < number; sent += 1) {
      const turn = sent % clients.length;
      const [client, before] = [clients[turn], answered[turn]];
      if (client === undefined || before === undefined) throw new Error("an application without connections");
      const due = startedAt + dueAtMs(sent, order.ratePerSecond);
      state.unanswered += 1;
      state.ownDelayMs = Math.max(state.ownDelayMs, performance.now() - due);
      answered[turn] = before.then(() => send(client, order, due));
    }
    await sleep(1);
  }
}

async function send(client: pg.Client, order: LoadOrder, due: number): Promise<void> {
  const { sql, parameters } = choose(order.queries);
  const values = Array.from({ length: parameters }, () => 1 + Math.floor(Math.random() * order.rows));
  try {
    await client.query(sql, values);
  } catch (thrown) {
    state.errors += 1;
    state.lastError = String(thrown);
  }
  state.unanswered -= 1;
  dueAt.push(performance.timeOrigin + due);
  waitMs.push(performance.now() - due);
}

function choose(queries: readonly LoadQuery[]): LoadQuery {
  let left = Math.random() * 100;
  for (const query of queries) {
    left -= query.share;
    if (left < 0) return query;
  }
  const [first] = queries;
  if (first === undefined) throw new Error("an application without queries");
  return first;
}

/** Resolves when it is on its way: what is not would be lost with the connection. */
function tell(message: FromApplication): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) return reject(new Error("the application was not started by a benchmark"));
    process.send(message, (failed: Error | null) => (failed === null ? resolve() : reject(failed)));
  });
}

process.on("message", (message: ToApplication) => {
  if (message.kind === "stop") state.running = false;
  else start(message.order).catch((thrown: unknown) => tell({ kind: "failed", message: String(thrown) }));
});

// A benchmark that was killed leaves no application behind.
process.on("disconnect", () => process.exit());
