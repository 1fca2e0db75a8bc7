import { messageOf } from "../errors.js";
import type { Gate, GateOf } from "../gate/gate.js";
import type { Reading } from "../gate/reading.js";
import { withoutPassword } from "../postgres/session/address.js";
import { measureSql, type SqlProbeClient } from "../postgres/probes/sql-probe.js";
import { measureCommand } from "../system/command-probe.js";
import { measureHttp } from "../system/http-probe.js";

export interface ProbeContext {
  /** Lends a session to the target for one measurement, and closes it whatever happens. */
  readonly withSqlClient: <T>(use: (client: SqlProbeClient) => Promise<T>) => Promise<T>;
  /** Where a command runs. */
  readonly cwd: string;
  /** Added to a command's environment. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Takes one reading with whatever probe the gate has. */
export async function measure(gate: Gate, context: ProbeContext): Promise<Reading> {
  const { probe } = gate;
  switch (probe.kind) {
    case "sql":
      return measureTarget({ ...gate, probe }, context);
    case "http":
      return measureHttp({ ...gate, probe }, context);
    case "command":
      return withoutSecrets(await measureCommand({ ...gate, probe }, context), context);
  }
}

/** The command was handed the target's URL: what it prints of that is not written down. */
function withoutSecrets(reading: Reading, { env }: ProbeContext): Reading {
  const url = env?.["BELAY_DATABASE_URL"];
  if (url === undefined || reading.kind !== "value" || typeof reading.value !== "string") return reading;
  return { ...reading, value: withoutPassword(reading.value, url) };
}

/** A target that gives no session has not been measured: that is an error of the probe, and what it says goes into the reading. */
async function measureTarget(gate: GateOf<"sql">, { withSqlClient, signal }: ProbeContext): Promise<Reading> {
  const at = new Date().toISOString();
  const startedAt = performance.now();
  try {
    return await withSqlClient((client) => measureSql(client, gate, { signal }));
  } catch (thrown) {
    return { kind: "error", message: messageOf(thrown), at, latencyMs: performance.now() - startedAt };
  }
}
