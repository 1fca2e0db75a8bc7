import type { Paint } from "./paint.js";

/** What a person is shown of ways back that were derived. */
export interface DeriveView {
  /** On what; null where there was nothing to derive. */
  readonly base: string | null;
  readonly changes: readonly {
    readonly change: string;
    readonly files: readonly string[];
    readonly statements: readonly string[];
    readonly losses: readonly { readonly object: string; readonly what: string }[];
    readonly replaced: string | null;
  }[];
  /** What was found for the change that is refused. */
  readonly refused: { readonly change: string; readonly statements: readonly string[] } | null;
}

export function deriveText({ base, changes, refused }: DeriveView, paint: Paint): readonly string[] {
  if (base === null) return ["Every change has its way back: nothing is to be derived."];
  const lines = [paint.dim(`on ${base}`)];
  for (const { change, files, statements, losses, replaced } of changes) {
    lines.push(`${paint.good("derived")} ${paint.strong(change)}`, ...files.map((file) => `  ${file}`));
    if (replaced !== null) lines.push(paint.dim("  in the place of:"), ...indented(replaced.trimEnd()).map(paint.dim));
    lines.push(...statements.flatMap((sql) => indented(`${sql};`)));
    lines.push(...losses.map(({ object, what }) => paint.warn(`  not brought back: ${object}: ${what}`)));
  }
  if (refused !== null && refused.statements.length > 0)
    lines.push(`${paint.bad("refused")} ${paint.strong(refused.change)}  this much was found:`, ...refused.statements.flatMap((sql) => indented(`${sql};`))); // prettier-ignore
  if (changes.length > 0 && refused === null) lines.push(`${paint.accent("next")}  read them, then belay rehearse`);
  return lines;
}

function indented(text: string): readonly string[] {
  return text.split("\n").map((line) => `    ${line}`);
}
