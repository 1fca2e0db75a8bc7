import type { Conditions, Gate, Scalar } from "./gate.js";

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu;

/** The number that a value is or spells; undefined where it is none. An empty text is none, and a boolean is none. */
export function numberOf(value: Scalar): number | undefined {
  if (typeof value === "number") return Number.isNaN(value) ? undefined : value;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (/^[+-]?infinity$/iu.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return NUMBER.test(text) ? Number(text) : undefined;
}

/**
 * A text as the value that a gate wants of it: the number that it spells, or itself. It stays text for a gate that compares
 * with a text, so that a version `1.10` does not become 1.1.
 */
export function scalarFromText(gate: Pick<Gate, "success" | "failure">, text: string): Scalar {
  if (asksForText(gate)) return text;
  if (/^\s*nan\s*$/iu.test(text)) return Number.NaN;
  return numberOf(text) ?? text;
}

/** The last number that stands alone between spaces in a text: `errors: 12` gives 12, a date or `3ms` gives none. */
export function lastNumberIn(text: string): number | undefined {
  const words = text.split(/\s+/u);
  for (let index = words.length - 1; index >= 0; index -= 1) {
    const number = numberOf((words[index] ?? "").replace(/[,;:.]+$/u, ""));
    if (number !== undefined) return number;
  }
  return undefined;
}

/** Whether a gate compares its value with a text. */
export function asksForText(gate: Pick<Gate, "success" | "failure">): boolean {
  return typeof gate.success?.equals === "string" || typeof gate.failure?.equals === "string";
}

/** Whether null is an answer to this gate, and not the absence of one. */
export function asksForNull(gate: Pick<Gate, "success" | "failure">): boolean {
  return gate.success?.equals === null || gate.failure?.equals === null;
}

/** Whether conditions say something about the value, and not only about the status or the time. */
export function asksForValue(conditions: Conditions | null): boolean {
  return (
    conditions !== null &&
    (conditions.max !== undefined || conditions.min !== undefined || conditions.equals !== undefined)
  );
}

/** Where a JSON answer holds the value of a gate; undefined where the whole answer is the value. */
export function jsonPathOf(gate: Pick<Gate, "success" | "failure">): string | undefined {
  return gate.success?.jsonPath ?? gate.failure?.jsonPath;
}
