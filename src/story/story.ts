import { BelayError } from "../errors.js";
import { durationText } from "../present/duration-text.js";
import type { Application } from "./application.js";
import type { Narrator } from "./narrator.js";
import type { Playground } from "./playground.js";
import type { RunBelay } from "./run-belay.js";

/** What every chapter works with. */
export interface Story {
  readonly narrator: Narrator;
  readonly playground: Playground;
  readonly application: Application;
  readonly belay: RunBelay;
  /** The report, as the playground has it. */
  readonly report: string;
}

/**
 * Runs a command that must end as the story says it does.
 * @throws BelayError `story-stopped` where it does not.
 */
export async function expectBelay(belay: RunBelay, expected: number, ...args: readonly string[]): Promise<void> {
  expectCode(await belay(...args), expected, args[0] ?? "");
}

export function expectCode(code: number, expected: number, command: string): void {
  if (code === expected) return;
  throw new BelayError("defect", "story-stopped", `belay ${command} ended with ${code}, and not with ${expected}.`, {
    hint: "The story stops here: what it would tell next would not be true.",
  });
}

/** Says what the application noticed since it was asked last. */
export async function sayTraffic({ application, narrator }: Story): Promise<void> {
  const { writes, reads, errors, slowestMs, lastError } = await application.traffic();
  const { line, paint } = narrator;
  const failures = errors === 0 ? paint.good("no error") : paint.bad(`${errors} errors`);
  const answered = `${writes} tasks written, ${reads} reads, slowest answer ${durationText(slowestMs)}`;
  line(`${paint.accent("the application")}  ${answered}, ${failures}`);
  if (errors > 0) line(paint.dim(`  the last one: ${lastError}`));
  line("");
}
