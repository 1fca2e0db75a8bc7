import { BelayError } from "../errors.js";

const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
type Unit = keyof typeof UNITS_MS;

/** Longest unit first, each at most once: `1h30m`. */
const DURATION = /^(?:(?<d>\d+)d)?(?:(?<h>\d+)h)?(?:(?<m>\d+)m)?(?:(?<s>\d+)s)?(?:(?<ms>\d+)ms)?$/u;

/**
 * The milliseconds of a duration as a config writes it: `200ms`, `10s`, `5m`, `2h`, `7d`, or several units, longest first (`1h30m`).
 *
 * @throws BelayError of kind `usage` with the code `duration-invalid`
 */
export function parseDuration(text: string): number {
  const parts = DURATION.exec(text.trim())?.groups;
  const given = Object.entries(parts ?? {}).filter(([, count]) => count !== undefined);
  const ms = given.reduce((sum, [unit, count]) => sum + Number(count) * UNITS_MS[unit as Unit], 0);
  if (given.length > 0 && Number.isSafeInteger(ms)) return ms;
  throw new BelayError("usage", "duration-invalid", `"${text.slice(0, 40)}" is not a duration.`, {
    hint: "Write a whole number and its unit: 200ms, 10s, 5m, 2h or 7d.",
  });
}

/**
 * A duration for a person, exact to the millisecond, in the form that `parseDuration` reads: `200ms`, `1m30s`, `2h`. Round the
 * milliseconds first where less will do.
 */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.round(ms));
  let text = "";
  for (const [unit, unitMs] of Object.entries(UNITS_MS)) {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === "" ? "0s" : text;
}
