/** Something that was seen before anything is touched. `refuse` keeps a rollout from starting; `warn` and `note` are shown. */
export interface Finding {
  readonly severity: "refuse" | "warn" | "note";
  /** Stable and kebab-case: the code of the error where it refuses. */
  readonly code: string;
  /** Null where it concerns no one target. */
  readonly target: string | null;
  /** One sentence, without the target's name. */
  readonly message: string;
  /** The next step. */
  readonly hint: string | null;
}

/** A finding as one line: the target's name first. */
export function sentenceOf({ target, message }: Finding): string {
  return target === null ? message : `${target}: ${message}`;
}

export function refuse(code: string, target: string | null, message: string, hint: string): Finding {
  return { severity: "refuse", code, target, message, hint };
}

export function warn(code: string, target: string | null, message: string, hint: string | null = null): Finding {
  return { severity: "warn", code, target, message, hint };
}

export function note(code: string, target: string | null, message: string): Finding {
  return { severity: "note", code, target, message, hint: null };
}

/** The first few of a list, and how many more there are. */
export function few(list: readonly string[], most = 5): string {
  const more = list.length > most ? ` and ${list.length - most} more` : "";
  return `${list.slice(0, most).join(", ")}${more}`;
}
