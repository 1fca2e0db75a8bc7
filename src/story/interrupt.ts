import type { ChildProcess } from "node:child_process";
import { BelayError } from "../errors.js";

/** What a person, or whoever started the story, wants when they stop it. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Passes an interrupt on to a child, once, for as long as the child runs. */
  passTo(child: ChildProcess): void;
  /** @throws BelayError `interrupted` when there was one. */
  check(): void;
  stop(): void;
}

const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Listens from now on. A command that runs stops at its own safe point; the story ends after it, and clears up. */
export function listenForInterrupt(): Interrupt {
  const controller = new AbortController();
  const onSignal = (): void => controller.abort();
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    passTo: (child) => {
      const pass = (): void => void child.kill("SIGINT");
      controller.signal.addEventListener("abort", pass, { once: true });
      child.once("exit", () => controller.signal.removeEventListener("abort", pass));
      if (controller.signal.aborted) pass();
    },
    check: () => {
      if (controller.signal.aborted) throw new BelayError("interrupted", "interrupted", "The story was interrupted.");
    },
    stop: () => {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
