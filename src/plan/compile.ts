import type { Direction } from "../journal/entry.js";
import { compiledHalf, type Compiled, type Source } from "./compiled.js";
import { keyOf } from "./key-of.js";
import { copiesBefore, restoresFor } from "./lossless/copy.js";
import { doneInGroups, finishesFor, hidingIn, otherHalf } from "./lossless/halves.js";
import { hidden, unhidden, type Keeper } from "./lossless/hide.js";
import { identitiesFor } from "./lossless/identity.js";
import { returningIn, type OtherHalf } from "./lossless/returning.js";
import { joinPlaced } from "./lossless/join-placed.js";
import { placeRetypes, retypingsIn } from "./lossless/retypes.js";
import { placeRows, type RowsPlaced } from "./lossless/rows-placed.js";
import { writing, writingsIn, type KeptWriting } from "./lossless/rows.js";
import { lossesOf } from "./loss.js";
import { ownStep } from "./own-step.js";
import { pairBatches } from "./pair-batches.js";
import { refuseUnderRole } from "./roles.js";
import { sectionsOf, type Classified } from "./sections.js";
import type { Section, StatementPlan, Step } from "./step.js";

export type { Source } from "./compiled.js";

/** Turns the statements of a change into its plan: forward and backward. */
export function compile(source: Source): StatementPlan {
  const [up, down] = [compiledHalf(source, "up"), compiledHalf(source, "down")];
  const writings = { up: writingsIn(source, up, "up"), down: writingsIn(source, down, "down") };
  const retypings = { up: retypingsIn(source, up, "up"), down: retypingsIn(source, down, "down") };
  const half = (statements: readonly Compiled[], direction: Direction, other: OtherHalf): readonly Section[] => {
    const keeper = { id: source.id, digest: source.digest, direction };
    const against = direction === "up" ? "down" : "up";
    const others = {
      statements: direction === "up" ? down : up,
      writings: writings[against],
      own: writings[direction],
    };
    const rows = joinPlaced(
      placeRetypes(retypings[direction], retypings[against], keeper),
      placeRows(source, statements, others, keeper),
      keeper,
    );
    return sectionsOf(
      [
        ...rows.start,
        ...statementSteps(source, statements, { keeper, other, writings: writings[direction], rows }),
        ...restoresFor(source, statements, others.statements, direction),
        ...identitiesFor(statements, others.statements),
        ...rows.end,
        ...finishesFor(source, statements, direction, other),
      ],
      source.transaction,
    );
  };
  const forward = half(up, "up", otherHalf(source, down, "down", up));
  const backward = half(down, "down", otherHalf(source, up, "up", down));
  const leftovers = up.filter(({ statement }) => statement.part?.passing === true).flatMap(({ effects }) => effects.creates.map(keyOf)); // prettier-ignore
  pairBatches(forward, backward, source);
  return {
    form: source.form,
    forward,
    backward,
    loss: [...lossesOf(source, up, "up"), ...lossesOf(source, down, "down")],
    ...(leftovers.length > 0 && { leftovers }),
  };
}

interface Around {
  readonly keeper: Keeper;
  readonly other: OtherHalf;
  readonly writings: readonly KeptWriting[];
  readonly rows: RowsPlaced;
}

/** The author's statements, each with what it wants before it and after. */
function statementSteps(source: Source, statements: readonly Compiled[], around: Around): readonly Classified[] {
  const { keeper, other, writings, rows } = around;
  const hiding = hidingIn(source, statements, keeper.direction, other.madeTogether);
  const done = doneInGroups(statements, other);
  return statements.flatMap((compiled) => {
    const { effects } = compiled;
    const unless = done.get(compiled) ?? [];
    const plain = { ...ownStep(compiled), ...(unless.length > 0 && { unless }) };
    const wrote = writings.find((one) => one.compiled === compiled);
    refuseUnderRole(source, keeper.direction, compiled, wrote !== undefined);
    const kept = wrote === undefined ? plain : writing(plain, wrote, keeper);
    const step = hiding.has(compiled)
      ? hidden(plain, effects, keeper)
      : returning(kept, rows.within.get(compiled), keeper);
    const own = { step, transaction: compiled.batch === null ? effects.transaction : "batched" } as const;
    const back = returningIn(effects, other).map((key) => unhidden(key, step.locks, keeper));
    const copies = step.purpose === "hide" ? [] : copiesBefore(source, effects);
    return [
      ...back.map((one) => ({ step: one, transaction: "inside" as const })),
      ...(rows.before.get(compiled) ?? []),
      ...copies,
      own,
      ...(rows.after.get(compiled) ?? []),
    ];
  });
}

/** A batched statement that undoes another puts back its rows, range by range. */
function returning(step: Step, returns: readonly number[] | undefined, { digest }: Keeper): Step {
  return step.batch === undefined || returns === undefined
    ? step
    : { ...step, batch: { ...step.batch, digest, returns } };
}
