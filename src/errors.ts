/**
 * What an error means for the person who called, and so for the exit code:
 * - `usage`: wrong usage or config; nothing was touched.
 * - `refused`: a check, a policy or a gate said no before anything was touched.
 * - `rolled-back`: it failed, and the database is proved to be back.
 * - `not-back`: it failed and the database is not back; a person is needed.
 * - `paused`: it waits for a person.
 * - `found`: a check found something.
 * - `interrupted`: the person stopped it; it ended at a safe point.
 * - `defect`: Belay itself is wrong.
 */
export type ErrorKind =
  "usage" | "refused" | "rolled-back" | "not-back" | "paused" | "found" | "interrupted" | "defect";

export interface BelayErrorOptions {
  /** The next command or edit that gets the reader on. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * The one error class. `code` is stable and kebab-case (`config-unknown-key`), `message` is for a person and never holds a
 * password, `hint` names the next step.
 */
export class BelayError extends Error {
  override readonly name = "BelayError";
  readonly hint: string | undefined;

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    options: BelayErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
