import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { BelayError } from "../errors.js";
import { withSession } from "../postgres/session/session.js";
import type { Sandbox } from "../postgres/sandbox/sandbox.js";
import { storyEnvironment } from "./run-belay.js";
import type { Traffic, WriterOrder } from "./traffic.js";

export const rowCount = 100_000;

/** The application whose tables change beneath it. */
export interface Application {
  /** What it did since it was asked last. */
  traffic(): Promise<Traffic>;
  /** From now on it stores the model of each task, or no longer does. */
  release(storesModel: boolean): void;
  stop(): Promise<void>;
}

/** Gives both databases the rows of an application that has run for a while. */
export async function fillTables(sandbox: Sandbox): Promise<void> {
  await Promise.all(["staging", "production"].map((name) => fillTable(sandbox.url(name))));
}

async function fillTable(url: string): Promise<void> {
  await withSession(url, { applicationName: "tasks/fill" }, async (session) => {
    await session.query(
      `INSERT INTO execution_tasks (name, status, priority, attempts, payload, legacy_note, created_at, finished_at)
       SELECT 'task ' || n, CASE WHEN n % 50 = 0 THEN 'waiting' ELSE 'done' END, nullif(n % 8, 7), 1 + n % 3,
              jsonb_build_object('customer', n % 997), CASE WHEN n % 10 = 0 THEN 'imported' END,
              now() - n * interval '1 second', CASE WHEN n % 50 <> 0 THEN now() - (n - 1) * interval '1 second' END
       FROM generate_series(1, $1::int) AS n`,
      [rowCount],
    );
    await session.query("ANALYZE execution_tasks");
  });
}

/** Starts the application as a process of its own. */
export function startApplication(sandbox: Sandbox): Application {
  const child = fork(fileURLToPath(new URL("./writer.js", import.meta.url)), [], {
    // In a session of its own, Ctrl-C does not reach it: it works until the story has ended.
    detached: true,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: storyEnvironment(),
  });
  const tell = (order: WriterOrder): void => void child.send(order);
  const ended = once(child, "exit");
  tell({
    kind: "start",
    databases: [
      { url: sandbox.url("staging"), hasUrgentTasks: false },
      { url: sandbox.url("production"), hasUrgentTasks: true },
    ],
  });
  return {
    release: (storesModel) => tell({ kind: "release", storesModel }),
    traffic: async () => {
      if (child.exitCode !== null || child.signalCode !== null) throw hasEnded();
      const answer = once(child, "message");
      tell({ kind: "report" });
      const [traffic] = (await Promise.race([answer, ended.then(() => Promise.reject(hasEnded()))])) as [Traffic];
      return traffic;
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

function hasEnded(): BelayError {
  return new BelayError("defect", "story-application-ended", "The story's application ended by itself.");
}
