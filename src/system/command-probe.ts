import { BelayError } from "../errors.js";
import type { GateOf } from "../gate/gate.js";
import type { Reading } from "../gate/reading.js";
import { asksForText, asksForValue, lastNumberIn } from "../gate/scalar.js";
import { runCommand, type CommandResult } from "./run-command.js";

export interface CommandProbeOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a gate's command. The exit code is the status. The value is the last number on stdout, or its last line for a gate that
 * compares with a text. At the gate's timeout the command is killed with all its children.
 */
export async function measureCommand(gate: GateOf<"command">, options: CommandProbeOptions): Promise<Reading> {
  const at = new Date().toISOString();
  try {
    const result = await runCommand(gate.probe.run, { ...options, timeoutMs: gate.timeoutMs });
    return { at, latencyMs: result.durationMs, ...readResult(gate, result) };
  } catch (thrown) {
    if (!(thrown instanceof BelayError) || thrown.kind !== "usage") throw thrown;
    return { at, latencyMs: 0, kind: "error", message: thrown.message };
  }
}

type Read = Reading extends infer R ? (R extends Reading ? Omit<R, "at" | "latencyMs"> : never) : never;

function readResult(gate: GateOf<"command">, result: CommandResult): Read {
  if (result.timedOut) return { kind: "no-answer", message: `the command took longer than ${gate.timeoutMs} ms` };
  if (result.cancelled) return { kind: "error", message: "the measurement was cancelled" };
  if (result.exitCode === null)
    return { kind: "error", message: `the command was ended by ${result.signal ?? "a signal"}` };
  const status = result.exitCode;
  const value = asksForText(gate) ? lastLineOf(result.stdout) : lastNumberIn(result.stdout);
  if (value !== undefined) return { kind: "value", value, status };
  if (!asksForValue(gate.success) && !asksForValue(gate.failure)) return { kind: "value", value: null, status };
  return { kind: "no-data", message: "the command printed no value", status };
}

function lastLineOf(text: string): string | undefined {
  return text.trim().split(/\r?\n/u).at(-1)?.trim() || undefined;
}
