import { BelayError } from "../errors.js";

/** A place in a report: the file as the caller named it, and a line from 1. */
export interface Place {
  readonly source: string;
  readonly line: number;
}

const LONGEST_EXCERPT = 80;

/** What is wrong with a report, always in the one form `<file>:<line>: expected …, found …`. `code` follows `proposal-`. */
export function reportError(place: Place, code: string, expected: string, found: string, hint?: string): BelayError {
  const message = `${place.source}:${place.line}: expected ${expected}, found ${found}`;
  return new BelayError("usage", `proposal-${code}`, message, hint === undefined ? {} : { hint });
}

/** A piece of a report in quotes, cut to one short line without control characters: it is untrusted, and goes to a terminal. */
export function excerpt(text: string): string {
  const line = JSON.stringify(oneLine(text));
  return line.length <= LONGEST_EXCERPT ? line : `${[...line].slice(0, LONGEST_EXCERPT - 2).join("")}…"`;
}

/** A text as one line: no control characters, no characters that reorder what is shown, white space as single spaces. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\s]+/gu, " ").trim();
}
