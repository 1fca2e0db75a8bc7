import type { GateOf, Scalar } from "../gate/gate.js";
import { readJsonPath } from "../gate/json-path.js";
import type { Reading } from "../gate/reading.js";
import { asksForNull, asksForValue, jsonPathOf, scalarFromText } from "../gate/scalar.js";
import { fetchText, type HttpAnswer } from "./fetch-text.js";

/** A health check answers in a line or two; more than this is the wrong address. */
const BODY_LIMIT_BYTES = 1_048_576;

/**
 * Asks a gate's URL with GET. The latency runs to the end of the body; a redirect is an answer, and is not followed. The value is
 * what stands at the gate's `jsonPath`, or the whole body. No message repeats the URL's password or its query.
 */
export async function measureHttp(
  gate: GateOf<"http">,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Reading> {
  const at = new Date().toISOString();
  const startedAt = performance.now();
  const answer = await fetchText(gate.probe, {
    timeoutMs: gate.timeoutMs,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    signal: options.signal,
  });
  const taken = { at, latencyMs: performance.now() - startedAt };
  return answer.kind === "answer" ? { ...taken, ...readAnswer(gate, answer) } : { ...taken, ...answer };
}

type Read =
  | { readonly kind: "value"; readonly value: Scalar; readonly status: number }
  | { readonly kind: "no-data" | "error"; readonly message: string; readonly status: number };

function readAnswer(gate: GateOf<"http">, { status, body }: HttpAnswer): Read {
  if (!asksForValue(gate.success) && !asksForValue(gate.failure)) return { kind: "value", value: null, status };
  const path = jsonPathOf(gate);
  if (path !== undefined) return readAtPath(gate, { status, body, path });
  const text = body.trim();
  if (text === "") return { kind: "no-data", message: "the answer is empty", status };
  return { kind: "value", value: scalarFromText(gate, text), status };
}

interface JsonAnswer {
  readonly status: number;
  readonly body: string;
  readonly path: string;
}

function readAtPath(gate: GateOf<"http">, { status, body, path }: JsonAnswer): Read {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    // The parser's message quotes the body, which may hold anything; that it is no JSON says enough.
    return { kind: "error", message: "the answer is not JSON", status };
  }
  const found = readJsonPath(document, path);
  if (found.kind === "missing") return { kind: "no-data", message: `the answer has nothing at ${path}`, status };
  const { value } = found;
  if (value === null && !asksForNull(gate))
    return { kind: "no-data", message: `the answer has null at ${path}`, status };
  if (typeof value === "string") return { kind: "value", value: scalarFromText(gate, value), status };
  if (typeof value === "number" || typeof value === "boolean" || value === null)
    return { kind: "value", value, status };
  return { kind: "error", message: `the answer has a list or an object at ${path}, not one value`, status };
}
