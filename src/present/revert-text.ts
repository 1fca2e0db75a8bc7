import { authored, isAuthors, type Loss, type Step } from "../plan/step.js";
import { durationText, shortStatement } from "./duration-text.js";
import type { Paint } from "./paint.js";

interface Lossy {
  readonly loss: readonly Loss[];
}

/** What is about to happen on a target. */
export interface PreviewView extends Lossy {
  readonly target: string;
  readonly shownAs: string;
  readonly revert: readonly { readonly id: string; readonly title: string; readonly at: string; readonly by: string }[];
  readonly manifests: ReadonlyMap<
    string,
    {
      readonly sections: readonly {
        readonly steps: readonly Step[];
      }[];
    }
  >;
}

export function previewText(previews: readonly PreviewView[], paint: Paint): readonly string[] {
  const lines: string[] = [];
  for (const { target, shownAs, revert, manifests, loss } of previews) {
    lines.push(`${paint.strong(target)}  ${paint.dim(shownAs)}`);
    for (const { id, title, at, by } of revert) {
      lines.push(
        `  ${paint.warn("take back")} ${title} ${paint.dim(`${id}, applied ${at.slice(0, 19).replace("T", " ")} by ${by}`)}`,
      );
      const steps = manifests.get(id)?.sections.flatMap((section) => section.steps) ?? [];
      for (const step of steps.filter(isAuthors)) lines.push(`    ${paint.dim(shortStatement(authored(step), 90))}`);
    }
    if (loss.length === 0)
      lines.push(`  ${paint.good("nothing is lost")}${keeps(manifests) ? ": what it drops is kept" : ""}`);
    for (const one of loss)
      lines.push(
        `  ${paint.bad(one.when === "applied" ? "lost already" : "lost for good")} ${one.object}: ${one.what}`,
      );
  }
  return lines;
}

function keeps(manifests: PreviewView["manifests"]): boolean {
  const steps = [...manifests.values()].flatMap(({ sections }) => sections).flatMap((section) => section.steps);
  return steps.some(({ purpose }) => purpose === "keep" || purpose === "hide" || purpose === "write");
}

/** What a way back came to on a target. */
export interface RevertView extends Lossy {
  readonly target: string;
  readonly reverted: readonly string[];
  readonly alreadyReverted: readonly string[];
  readonly durationMs: number;
  readonly provenBack: boolean | null;
  readonly problem: string | null;
}

export function revertText(targets: readonly RevertView[], paint: Paint): readonly string[] {
  const lines: string[] = [""];
  for (const { target, reverted, alreadyReverted, durationMs, provenBack, problem } of targets) {
    const proof =
      provenBack === null
        ? paint.dim("nothing to take back")
        : provenBack
          ? paint.good("back, and proved")
          : paint.bad("NOT back");
    lines.push(`${paint.strong(target)}  ${proof} ${paint.dim(durationText(durationMs))}`);
    for (const id of reverted) lines.push(`  ↩ ${id}`);
    for (const id of alreadyReverted) lines.push(`  ${paint.dim(`already taken back: ${id}`)}`);
    if (problem !== null) lines.push(`  ${paint.bad(problem)}`);
  }
  return lines;
}
