/** A duration as a person reads it: `340 ms`, `1.2 s`, `2 m 05 s`. */
export function durationText(ms: number): string {
  if (Math.round(ms) < 1_000) return `${Math.round(ms)} ms`;
  if (Math.round(ms / 100) < 600) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, "0")} s`;
}

/** The first words of a statement, on one line. */
export function shortStatement(sql: string, length = 72): string {
  const line = asToldByBelay(sql) ?? sql.replaceAll(/\s+/g, " ").trim();
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}

/** Belay's own steps, in words. */
function asToldByBelay(sql: string): string | null {
  const name = /^SELECT (?:\* FROM )?belay\.(\w+)\(/.exec(sql)?.[1] ?? "";
  return OWN_STEPS[name] ?? null;
}

const OWN_STEPS: { readonly [name: string]: string } = {
  keep: "keeping what is about to be dropped",
  restore: "putting back what was kept",
  hide: "hiding what would be dropped",
  unhide: "bringing back what was hidden",
  finish_back: "checking the constraints of what came back",
  free: "making room for what comes back",
  continue_sequence: "letting its numbers go on where they stopped",
  write: "writing the rows, and keeping what was there",
  compare_rows: "looking which rows are as the change left them",
  return_rows: "putting those rows back as they were",
  see_rows: "looking at the rows again that were kept",
  end_rows: "telling which rows somebody has changed since",
  keep_values: "keeping the values as they were",
  see_values: "looking at the values again that were kept",
};
