import type { Statement } from "../../sql/statement.js";

/** `-- belay:as-written`, with a reason or without: the statement runs as it stands there. */
export function isAsWritten({ directives }: Statement): boolean {
  return directives.some((directive) => /^belay:as-written(\s|$)/.test(directive));
}

export function isBatched({ directives }: Statement): boolean {
  return directives.some((directive) => /^belay:batch(\s|$)/.test(directive));
}
