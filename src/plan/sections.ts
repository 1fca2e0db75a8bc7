import type { Section, SectionTransaction, Step } from "./step.js";

/** A step, and how it is to commit. */
export interface Classified {
  readonly step: Step;
  /** "own": a section by itself, inside a transaction. */
  readonly transaction: SectionTransaction | "own";
}

/** Joins neighbouring steps that may share a transaction. */
export function sectionsOf(steps: readonly Classified[], transaction: "on" | "off"): readonly Section[] {
  const sections: { transaction: SectionTransaction; steps: Step[] }[] = [];
  let afterOwn = false;
  let isClosed = false;
  for (const { step, transaction: needs } of steps) {
    const current = sections.at(-1);
    const joins = current?.transaction === "inside" && needs === "inside" && !isClosed;
    // With `transaction off` a new section starts before each statement of the author's, and before what is kept for it.
    const apart =
      transaction === "off" &&
      !["restore", "finish", "compare", "return", "see"].includes(step.purpose ?? "") &&
      afterOwn;
    if (current !== undefined && joins && !apart) current.steps.push(step);
    else sections.push({ transaction: needs === "own" ? "inside" : needs, steps: [step] });
    if (step.purpose !== "compare" && step.purpose !== "return" && step.purpose !== "see") {
      afterOwn = step.purpose !== "keep" && step.purpose !== "unhide";
    }
    isClosed = needs === "own";
  }
  return sections;
}
