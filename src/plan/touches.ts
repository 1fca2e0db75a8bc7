import type { Section, Step } from "./step.js";

/** Commands that lock a table as if they wrote its rows, and do not. */
const onlyLocking: readonly string[] = ["LOCK TABLE"];

/**
 * What each section of a way forward touches, by key: the objects that its statements make or remove, and the rows that they write. The n-th statement that writes
 * a table has a key of its own.
 */
export function touchesForward(sections: readonly Section[]): readonly (readonly string[])[] {
  const written = new Map<string, number>();
  return sections.map((section) => section.steps.flatMap((step) => touchedBy(step, written)));
}

/** The same for each step of a way back. It writes rows in the opposite order: so each step finds, by its keys, what it undoes. */
export function touchesBackward(sections: readonly Section[]): ReadonlyMap<Step, readonly string[]> {
  const written = new Map<string, number>();
  const steps = sections.flatMap((section) => section.steps).toReversed();
  return new Map(steps.map((step) => [step, [...touchedBy(step, written), ...(step.together ?? [])]]));
}

/** What the sections of a way forward that were never begun would have touched, and no begun one did. */
export function untouchedAfter(forward: readonly (readonly string[])[], begun: number): readonly string[] {
  const touched = new Set(forward.slice(0, begun).flat());
  return [...new Set(forward.slice(begun).flat())].filter((key) => !touched.has(key));
}

/** The tables whose rows a step writes, quoted. */
export function tablesWrittenBy(step: Step): readonly string[] {
  if ((step.purpose !== null && step.purpose !== "write") || onlyLocking.includes(step.command)) return [];
  // ROW EXCLUSIVE is what writing takes, also from within a WITH (manual, 13.3.1).
  return step.locks
    .filter(({ mode }) => mode === "ROW EXCLUSIVE" || step.command === "TRUNCATE")
    .map(({ relation }) => relation);
}

function touchedBy(step: Step, written: Map<string, number>): readonly string[] {
  return [...step.makes, ...step.removes, ...rowsWrittenBy(step, written)];
}

function rowsWrittenBy(step: Step, written: Map<string, number>): readonly string[] {
  return tablesWrittenBy(step).map((relation) => {
    const number = (written.get(relation) ?? 0) + 1;
    written.set(relation, number);
    return `rows ${relation} ${number}`;
  });
}
