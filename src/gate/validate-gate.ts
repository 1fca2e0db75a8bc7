import { BelayError } from "../errors.js";
import { isUnjudged, type Conditions, type GateSpecification, type Probe } from "./gate.js";
import { parseJsonPath } from "./json-path.js";
import { asksForValue } from "./scalar.js";

/** The longest time that PostgreSQL's statement_timeout and a timer of Node can hold: 2³¹ − 1 ms, some 24 days. */
const LONGEST_MS = 2_147_483_647;

/**
 * Refuses a gate that could not give a sound verdict. It takes what the author wrote as well as what `gateDefaults` made of it.
 *
 * @throws BelayError of kind `usage`: `gate-without-condition`, `gate-condition-invalid`, `gate-probe-invalid`,
 * `gate-schedule-invalid`
 */
export function validateGate(gate: GateSpecification): void {
  const { name, probe } = gate;
  requirePhases(gate);
  requireProbe(name, probe);
  if (isUnjudged(gate) && probe.kind !== "command") {
    throw new BelayError("usage", "gate-without-condition", `The gate "${name}" has neither success nor failure.`, {
      hint: `Say what is good, for example success: ${probe.kind === "http" ? "{ status: 200 }" : "{ max: 0 }"}.`,
    });
  }
  requireConditions(name, probe, "success", gate.success ?? null);
  requireConditions(name, probe, "failure", gate.failure ?? null);
  requireOneJsonPath(gate);
  requireSchedule(gate);
}

function requirePhases({ name, phases }: GateSpecification): void {
  if (phases.length > 0) return;
  throw scheduleError(name, "has no phase", 'Give phase: "before", "during" or "after", or several of them.');
}

function requireProbe(name: string, probe: Probe): void {
  const wrong = probeProblem(probe);
  if (wrong === undefined) return;
  throw new BelayError("usage", "gate-probe-invalid", `The gate "${name}" ${wrong}.`);
}

/** A URL may hold a password, so it is not repeated here. */
function probeProblem(probe: Probe): string | undefined {
  switch (probe.kind) {
    case "sql":
      return probe.query.trim() === "" ? "has an empty query" : undefined;
    case "http":
      return /^https?:\/\//iu.test(probe.url) && URL.canParse(probe.url)
        ? undefined
        : "has a url that is not http(s)://…";
    case "command":
      return (probe.run[0] ?? "").trim() === ""
        ? 'has no command to run: give run: ["npm", "run", "smoke"]'
        : undefined;
  }
}

type Side = "success" | "failure";

function requireConditions(name: string, probe: Probe, side: Side, conditions: Conditions | null): void {
  if (conditions === null) return;
  if (!asksForValue(conditions) && conditions.status === undefined && conditions.maxMs === undefined) {
    const pathOnly = conditions.jsonPath === undefined ? "" : " (jsonPath only says where the value stands)";
    throw new BelayError(
      "usage",
      "gate-without-condition",
      `The gate "${name}" has no condition in ${side}${pathOnly}.`,
      {
        hint: "Give at least one of max, min, equals, status, maxMs.",
      },
    );
  }
  const wrong = conditionsProblem(probe, side, conditions);
  if (wrong === undefined) return;
  throw new BelayError("usage", "gate-condition-invalid", `The gate "${name}": ${side}.${wrong}.`);
}

function conditionsProblem(probe: Probe, side: Side, conditions: Conditions): string | undefined {
  const { max, min, status, maxMs, jsonPath } = conditions;
  if (status !== undefined && probe.kind === "sql") return "status is for http and command probes; SQL has none";
  if (typeof status === "object" && status.length === 0) return "status is an empty list, which nothing can meet";
  if ([status ?? []].flat().some((one) => !Number.isInteger(one))) return "status must be whole numbers";
  if ([max, min].some((limit) => Number.isNaN(limit))) return "max and min must be numbers";
  if (max !== undefined && min !== undefined && max < min)
    return `max ${max} is below min ${min}, which nothing can meet`;
  if (maxMs !== undefined && !(maxMs > 0)) return "maxMs must be above 0";
  if (maxMs !== undefined && side === "failure") return "maxMs would make a quick answer a failure; use success.maxMs";
  return jsonPath === undefined ? undefined : jsonPathProblem(probe, conditions, jsonPath);
}

function jsonPathProblem(probe: Probe, conditions: Conditions, jsonPath: string): string | undefined {
  if (probe.kind !== "http") return `jsonPath is for http probes, not for ${probe.kind}`;
  if (parseJsonPath(jsonPath) === undefined) return `jsonPath "${jsonPath}" is not of the form data.items[0].count`;
  return asksForValue(conditions) ? undefined : "jsonPath needs max, min or equals beside it";
}

function requireOneJsonPath({ name, success, failure }: GateSpecification): void {
  const paths = [success?.jsonPath, failure?.jsonPath].filter((path) => path !== undefined);
  if (new Set(paths).size < 2) return;
  throw new BelayError(
    "usage",
    "gate-condition-invalid",
    `The gate "${name}": success and failure have different jsonPaths.`,
    {
      hint: "A gate reads one value. Make two gates of it.",
    },
  );
}

function requireSchedule(gate: GateSpecification): void {
  const { name, measurements, intervalMs, timeoutMs, consecutiveSuccess } = gate;
  const wrong = timeProblem(gate) ?? limitProblem(gate);
  if (wrong !== undefined) throw scheduleError(name, wrong);
  if (measurements?.kind === "duration" && intervalMs === 0) {
    throw scheduleError(name, "measures for a duration with an interval of 0, which would never rest");
  }
  if (measurements?.kind === "count" && (consecutiveSuccess ?? 0) > measurements.count) {
    throw scheduleError(name, `needs ${consecutiveSuccess} successes of ${measurements.count} measurements`);
  }
  const maxMs = gate.success?.maxMs ?? 0;
  if (timeoutMs !== undefined && maxMs > timeoutMs) {
    throw scheduleError(
      name,
      `gives up after ${timeoutMs} ms but allows ${maxMs} ms`,
      "Make timeout longer than maxMs.",
    );
  }
}

function timeProblem(gate: GateSpecification): string | undefined {
  const durationMs = gate.measurements?.kind === "duration" ? gate.measurements.durationMs : undefined;
  const times = {
    interval: gate.intervalMs,
    timeout: gate.timeoutMs,
    initialDelay: gate.initialDelayMs,
    duration: durationMs,
  };
  for (const [key, ms] of Object.entries(times)) {
    const least = key === "timeout" || key === "duration" ? 1 : 0;
    if (ms !== undefined && !(Number.isInteger(ms) && ms >= least && ms <= LONGEST_MS)) {
      return `has an ${key} of ${ms} ms; it must be from ${least} to ${LONGEST_MS} ms`.replace(
        /an (?=[^aeiou])/u,
        "a ",
      );
    }
  }
  return undefined;
}

function limitProblem(gate: GateSpecification): string | undefined {
  const { consecutiveFailureLimit, failureLimit, inconclusiveLimit, consecutiveErrorLimit } = gate;
  const count = gate.measurements?.kind === "count" ? gate.measurements.count : undefined;
  const limits = { consecutiveFailureLimit, failureLimit, inconclusiveLimit, consecutiveErrorLimit };
  for (const [key, limit] of Object.entries({ ...limits, consecutiveSuccess: gate.consecutiveSuccess, count })) {
    const least = key === "count" || key === "consecutiveSuccess" ? 1 : 0;
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= least)) {
      return `has ${key} ${limit}; it must be a whole number of at least ${least}`;
    }
  }
  return undefined;
}

function scheduleError(name: string, problem: string, hint?: string): BelayError {
  return new BelayError(
    "usage",
    "gate-schedule-invalid",
    `The gate "${name}" ${problem}.`,
    hint === undefined ? {} : { hint },
  );
}
