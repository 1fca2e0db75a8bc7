import type { Scalar } from "./gate.js";

interface Taken {
  /** ISO 8601, in UTC, by the server's clock where there is one. Taken as the measurement begins. */
  readonly at: string;
  readonly latencyMs: number;
  /** The HTTP status or the exit code. */
  readonly status?: number | undefined;
}

/**
 * What a probe read, before any limit is held against it.
 * - `value`: an answer with its value (null where the gate asks for none).
 * - `no-data`: an answer that holds no value: no row, NULL, NaN, a JSON path that is not there.
 * - `no-answer`: what was asked was reached for and gave no answer in time: connection refused or reset, timed out.
 * - `error`: the probe itself is broken: bad SQL, an unknown host, a missing executable, an answer that cannot be read.
 */
export type Reading =
  | (Taken & { readonly kind: "value"; readonly value: Scalar })
  | (Taken & { readonly kind: "no-data"; readonly message: string })
  | (Taken & { readonly kind: "no-answer"; readonly message: string })
  | (Taken & { readonly kind: "error"; readonly message: string });
