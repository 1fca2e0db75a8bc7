import type { BelayError, ErrorKind } from "../errors.js";

/** The exit codes, by what an error means; README.md lists them. */
const codes: { readonly [K in ErrorKind]: number } = {
  defect: 1,
  usage: 2,
  refused: 3,
  "rolled-back": 4,
  "not-back": 5,
  paused: 6,
  found: 7,
  interrupted: 130,
};

export function exitCodeOf(error: BelayError): number {
  return codes[error.kind];
}

export const exitCode = codes;
