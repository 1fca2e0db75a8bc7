import type { Direction } from "../journal/entry.js";
import { compiledHalf, type Compiled, type Source } from "./compiled.js";
import { keyOf } from "./key-of.js";
import { copiesBefore, restoresFor } from "./lossless/copy.js";
import { doneInGroups, finishesFor, hidingIn, otherHalf } from "./lossless/halves.js";
import { hidden, unhidden } from "./lossless/hide.js";
import { returningIn, type OtherHalf } from "./lossless/returning.js";
import { lossOf } from "./loss.js";
import { ownStep } from "./own-step.js";
import { pairBatches } from "./pair-batches.js";
import { sectionsOf, type Classified } from "./sections.js";
import type { Section, StatementPlan } from "./step.js";

export type { Source } from "./compiled.js";

/** Turns the statements of a change into its plan: forward and backward. */
export function compile(source: Source): StatementPlan {
  const [up, down] = [compiledHalf(source, "up"), compiledHalf(source, "down")];
  const dropped = [...up, ...down].flatMap(({ effects }) => effects.drops).map((object) => keyOf(object).key);
  const droppedKeys = new Set(dropped);
  const half = (statements: readonly Compiled[], direction: Direction, other: OtherHalf): readonly Section[] =>
    sectionsOf(
      [
        ...statementSteps(source, statements, direction, other),
        ...statements.flatMap((compiled) => restoresFor(source, compiled, droppedKeys, direction)),
        ...finishesFor(source, statements, direction, other),
      ],
      source.transaction,
    );
  const forward = half(up, "up", otherHalf(source, down, "down", up));
  const backward = half(down, "down", otherHalf(source, up, "up", down));
  const leftovers = up.filter(({ statement }) => statement.part?.passing === true).flatMap(({ effects }) => effects.creates.map(keyOf)); // prettier-ignore
  pairBatches(forward, backward, source);
  return {
    form: source.form,
    forward,
    backward,
    loss: down.flatMap((one) => lossOf(source, one)),
    ...(leftovers.length > 0 && { leftovers }),
  };
}

/** The author's statements, each after what it wants before it. */
function statementSteps(
  source: Source,
  statements: readonly Compiled[],
  direction: Direction,
  other: OtherHalf,
): readonly Classified[] {
  const hiding = hidingIn(source, statements, direction, other.madeTogether);
  const keeper = { id: source.id, digest: source.digest, direction };
  const done = doneInGroups(statements, other);
  return statements.flatMap((compiled) => {
    const { effects } = compiled;
    const unless = done.get(compiled) ?? [];
    const plain = { ...ownStep(compiled), ...(unless.length > 0 && { unless }) };
    const step = hiding.has(compiled) ? hidden(plain, effects, keeper) : plain;
    const own = { step, transaction: compiled.batch === null ? effects.transaction : "batched" } as const;
    const back = returningIn(effects, other).map((key) => unhidden(key, step.locks, keeper));
    const kept = step.purpose === "hide" ? [] : copiesBefore(source, effects);
    return [...back.map((one) => ({ step: one, transaction: "inside" as const })), ...kept, own];
  });
}
