import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Samples } from "../measure/samples.js";
import type { FromApplication, LoadOrder, ToApplication } from "./order.js";

const program = fileURLToPath(new URL("./application.ts", import.meta.url));

/** An application at work. */
export interface Load {
  /** Lets it send no more, waits until it has every answer, and gives what it saw. */
  stop(): Promise<Seen>;
}

export interface Seen {
  readonly samples: Samples;
  readonly ownDelayMs: number;
}

/**
 * Starts the application; it is connected and sends queries when this resolves.
 * @throws where it cannot start; `stop` does where a query of it failed: no contender may break the application.
 */
export async function startLoad(order: LoadOrder): Promise<Load> {
  const child = fork(program, { serialization: "advanced", execArgv: ["--import", "jiti/register"] });
  const end = (): boolean => child.kill();
  process.once("exit", end);
  const told: FromApplication[] = [];
  let wake = (): void => undefined;
  child.on("message", (message: FromApplication) => {
    told.push(message);
    wake();
  });
  child.once("exit", () => process.removeListener("exit", end));
  let over = false;
  // All that it told has been received by then; it may have exited before.
  child.once("disconnect", () => {
    over = true;
    wake();
  });
  const next = async (): Promise<FromApplication> => {
    for (;;) {
      const message = told.shift();
      if (message !== undefined) return message;
      if (over) throw new Error("the application ended before its time");
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const say = (message: ToApplication): boolean => child.send(message);
  say({ kind: "start", order });
  const first = await next();
  if (first.kind !== "started") throw new Error(`the application did not start: ${JSON.stringify(first)}`);
  return {
    stop: async () => {
      const ended = once(child, "disconnect");
      say({ kind: "stop" });
      const last = await next();
      await ended;
      if (last.kind !== "stopped") throw new Error(`the application failed: ${JSON.stringify(last)}`);
      if (last.errors > 0)
        throw new Error(`${last.errors} queries of the application failed, the last with: ${last.lastError}`);
      return { samples: { dueAt: last.dueAt, waitMs: last.waitMs }, ownDelayMs: last.ownDelayMs };
    },
  };
}
