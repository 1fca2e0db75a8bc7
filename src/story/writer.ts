import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../errors.js";
import { openSession, type Session } from "../postgres/session/session.js";
import { zeroTraffic, type Traffic, type WriterOrder, type WriterDatabase } from "./traffic.js";

/*
 * The story's application: a process of its own that writes and reads tasks every few milliseconds, in staging and in production, and
 * notes down in `task_errors` what the database refuses. It ends when the story does, however that ends.
 */

const pauseMs = 5;
/** Each so manieth task is read, and each so manieth is urgent where urgent ones are. */
const readEvery = 3;
const urgentEvery = 20;

let storesModel = false;
const traffic: Traffic = zeroTraffic();

function receive(order: WriterOrder): void {
  switch (order.kind) {
    case "start":
      for (const database of order.databases) void work(database);
      return;
    case "release":
      storesModel = order.storesModel;
      return;
    case "report":
      process.send?.({ ...traffic });
      Object.assign(traffic, zeroTraffic());
  }
}

async function work(database: WriterDatabase): Promise<void> {
  const session = await openSession(database.url, { applicationName: "tasks" });
  for (let count = 1; ; count += 1) {
    await attempt(session, () => write(session, count, database.hasUrgentTasks));
    if (count % readEvery === 0) await attempt(session, () => read(session));
    await sleep(pauseMs);
  }
}

async function write(session: Session, count: number, hasUrgentTasks: boolean): Promise<void> {
  const priority = hasUrgentTasks && count % urgentEvery === 0 ? 10 : count % 5;
  const values = [`task ${count}`, priority];
  if (storesModel) {
    const sql = "INSERT INTO execution_tasks (name, priority, ai_model) VALUES ($1, $2, $3)";
    await session.query(sql, [...values, count % 2 === 0 ? "small" : "large"]);
  } else {
    await session.query("INSERT INTO execution_tasks (name, priority) VALUES ($1, $2)", values);
  }
  traffic.writes += 1;
}

async function read(session: Session): Promise<void> {
  await session.query("SELECT id, name FROM execution_tasks WHERE status = 'waiting' ORDER BY created_at LIMIT 20");
  traffic.reads += 1;
}

/** A statement that the database refuses is noted, and the application goes on; a lost connection ends it. */
async function attempt(session: Session, statement: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  try {
    await statement();
  } catch (thrown) {
    traffic.errors += 1;
    traffic.lastError = messageOf(thrown);
    await session.query("INSERT INTO task_errors (message) VALUES ($1)", [messageOf(thrown)]);
  }
  traffic.slowestMs = Math.max(traffic.slowestMs, performance.now() - startedAt);
}

process.on("message", receive);
process.on("disconnect", () => process.exit());
