import type { Run, Sent } from "./record-run.js";

/** What a half does whatever rows there are, and what it does by the rows that it read. */
export interface Compared {
  /** In order, with their values. */
  readonly sealed: readonly string[];
  /** Each once; a value is `$1`. */
  readonly dependent: readonly string[];
  /** The statements by whose answers it may have decided. */
  readonly reads: readonly string[];
}

/**
 * Compares runs of one half over different rows. What stands in all of them, with the same values and in the same order, was sent whatever the rows were; all that came before the
 * first answer about rows does so in any case. What is in some of them only, or threw in some, depends on rows. Pure.
 */
export function compareRuns(runs: readonly Run[]): Compared {
  const acting = runs.map(({ sent }) => sent.filter(({ acts }) => acts));
  const [first = [], ...others] = acting;
  const common = others.reduce<readonly Sent[]>(inBoth, first);
  const dependent = new Set(acting.flatMap((sent) => without(sent, common)).map(({ text }) => text.trim()));
  const thrown = new Set(runs.flatMap(({ thrown: message }) => (message === null ? [] : [`it throws: ${message}`])));
  const reads = new Set(runs.flatMap(({ sent }) => sent.filter(({ answer }) => answer === "rows")).map(({ text }) => text.trim())); // prettier-ignore
  return { sealed: common.map(({ sql }) => sql), dependent: [...dependent, ...thrown], reads: [...reads] };
}

/** The longest list whose members stand in both, in this order. */
function inBoth(a: readonly Sent[], b: readonly Sent[]): readonly Sent[] {
  const longest = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0));
  const at = (i: number, j: number): number => longest[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const row = longest[i] ?? [];
      row[j] = a[i]?.sql === b[j]?.sql ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const found: Sent[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const one = a[i];
    if (one !== undefined && one.sql === b[j]?.sql) {
      found.push(one);
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return found;
}

/** What of a run is not in a list that stands in it. */
function without(sent: readonly Sent[], common: readonly Sent[]): readonly Sent[] {
  let next = 0;
  return sent.filter(({ sql }) => {
    if (sql !== common[next]?.sql) return true;
    next += 1;
    return false;
  });
}
