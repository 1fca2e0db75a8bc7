import type { Pace } from "../progress.js";
import { durationText } from "./duration-text.js";

/** `120,000 of about 2,000,000 rows, 45,000 a second, about 42 s left`. */
export function paceText(pace: Pace): string {
  const rate = `${count(pace.rowsPerSecond)} a second`;
  if (pace.finished) return `${count(pace.seenRows)} rows passed, ${count(pace.changedRows)} changed, ${rate}`;
  const left = pace.remainingMs === null ? [] : [`about ${durationText(pace.remainingMs)} left`];
  return [passedText(pace), rate, ...left].join(", ");
}

/** How far it is, without a time: `120,000 of about 2,000,000 rows`. */
export function passedText({ seenRows, aboutRows }: Pick<Pace, "seenRows" | "aboutRows">): string {
  // More rows than the statistics knew of: then they say nothing about the end.
  const isKnown = aboutRows !== null && aboutRows >= seenRows;
  return `${count(seenRows)}${isKnown ? ` of about ${count(aboutRows)}` : ""} rows`;
}

function count(rows: number): string {
  return Math.round(rows).toLocaleString("en-US");
}
