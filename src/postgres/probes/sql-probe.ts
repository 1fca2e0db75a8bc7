import type pg from "pg";
import { messageOf } from "../../errors.js";
import type { GateOf, Scalar } from "../../gate/gate.js";
import type { Reading } from "../../gate/reading.js";
import { asksForNull, scalarFromText } from "../../gate/scalar.js";
import { isCancelled } from "../session/sql-state.js";

/** A session of the probe's own, idle and outside a transaction. */
export type SqlProbeClient = pg.ClientBase;

/** How much longer than the server's own timeout the client waits for it, in ms: past that the network is gone. */
const NETWORK_GRACE_MS = 2_000;

const BOOLEAN_OID = 16;

/**
 * Runs a gate's query in a READ ONLY transaction that is rolled back, under `statement_timeout` = the gate's timeout (manual,
 * 20.11.1). The value is the first column of the first row; no row, NULL and NaN are no data. The time is the server's. It does not
 * throw: whatever goes wrong is a reading. After a `no-answer` or an `error` the session may be beyond use or still at work, and its
 * owner closes it.
 */
export async function measureSql(
  client: SqlProbeClient,
  gate: GateOf<"sql">,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Reading> {
  const startedAt = performance.now();
  const at = new Date().toISOString();
  const failed = (message: string): Reading => ({
    kind: "error",
    message,
    at,
    latencyMs: performance.now() - startedAt,
  });
  const limit = limitOf(gate.timeoutMs + NETWORK_GRACE_MS, options.signal);
  try {
    return await Promise.race([readInTransaction(client, gate), limit.reached.then(failed)]);
  } catch (thrown) {
    return failed(messageOf(thrown));
  } finally {
    limit.dispose();
  }
}

/** Comes with a reason when the time is up or the signal is aborted. */
function limitOf(limitMs: number, signal: AbortSignal | undefined): { reached: Promise<string>; dispose: () => void } {
  let reach: (reason: string) => void = () => undefined;
  const reached = new Promise<string>((resolve) => {
    reach = resolve;
  });
  const onAbort = (): void => reach("the measurement was cancelled");
  const timer = setTimeout(() => reach(`the server has been silent for ${limitMs} ms`), limitMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  const dispose = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
  return { reached, dispose };
}

async function readInTransaction(client: SqlProbeClient, gate: GateOf<"sql">): Promise<Reading> {
  await client.query("BEGIN TRANSACTION READ ONLY");
  try {
    const at = await beginMeasurement(client, gate.timeoutMs);
    return await readValue(client, gate, at);
  } finally {
    await client.query("ROLLBACK");
  }
}

/** Sets the timeout for this transaction and gives the server's time, ISO 8601 in UTC. */
async function beginMeasurement(client: SqlProbeClient, timeoutMs: number): Promise<string> {
  const { rows } = await client.query<{ at: string }>(
    `SELECT set_config('statement_timeout', $1, true),
            to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at`,
    [`${timeoutMs}ms`],
  );
  return rows[0]?.at ?? "";
}

async function readValue(client: SqlProbeClient, gate: GateOf<"sql">, at: string): Promise<Reading> {
  const startedAt = performance.now();
  try {
    const result = await client.query<(string | null)[]>(asSingleStatement(gate.probe.query));
    const taken = { at, latencyMs: performance.now() - startedAt };
    const [row] = result.rows;
    if (row === undefined) return { kind: "no-data", message: "the query gave no row", ...taken };
    const value = scalarOf(gate, row[0] ?? null, result.fields[0]?.dataTypeID);
    if (value === null && !asksForNull(gate)) return { kind: "no-data", message: "the query gave NULL", ...taken };
    return { kind: "value", value, ...taken };
  } catch (thrown) {
    const latencyMs = performance.now() - startedAt;
    // A cancel by somebody else has the same SQLSTATE as the timeout; the clock tells them apart.
    if (!isCancelled(thrown) || latencyMs < gate.timeoutMs)
      return { kind: "error", message: messageOf(thrown), at, latencyMs };
    return { kind: "no-answer", message: `the query took longer than ${gate.timeoutMs} ms`, at, latencyMs };
  }
}

/**
 * The extended protocol takes one statement and no more (manual, 54.2.3), so a query cannot end the read-only transaction and go on
 * after it. Values come as the server's text, whatever their type.
 */
function asSingleStatement(text: string): pg.QueryArrayConfig {
  return {
    text,
    rowMode: "array",
    queryMode: "extended",
    types: { getTypeParser: () => String },
  } as pg.QueryArrayConfig;
}

function scalarOf(gate: GateOf<"sql">, text: string | null, typeOid: number | undefined): Scalar {
  if (text === null) return null;
  return typeOid === BOOLEAN_OID ? text === "t" : scalarFromText(gate, text);
}
