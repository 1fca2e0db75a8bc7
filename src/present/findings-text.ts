import type { Paint } from "./paint.js";
import { plural } from "./progress-text.js";

/** A finding of a check, as it is printed. */
export interface FindingView {
  readonly rule: string;
  readonly severity: "error" | "warning" | "info";
  readonly file: string | null;
  readonly line: number | null;
  readonly message: string;
  readonly fix?: string;
}

export function findingsText(findings: readonly FindingView[], paint: Paint): readonly string[] {
  if (findings.length === 0)
    return [`${paint.good("clean")}  every pair is complete, and every artifact is there, unedited and up to date`];
  const lines: string[] = [];
  for (const { rule, severity, message, fix } of findings) {
    const shown =
      severity === "error" ? paint.bad(severity) : severity === "warning" ? paint.warn(severity) : paint.dim(severity);
    lines.push(`${shown} ${message} ${paint.dim(`[${rule}]`)}`);
    if (fix !== undefined) lines.push(`      ${paint.accent("fix")}  ${fix}`);
  }
  return [...lines, "", plural(findings.length, "finding")];
}
