import type { Manifest } from "../../artifact/manifest.js";
import type { OpenChange } from "../../journal/target-state.js";
import { BelayError } from "../../errors.js";
import { isBracketed, stepsOf, type Section, type Step } from "../../plan/step.js";
import { touchesBackward, untouchedAfter } from "../../plan/touches.js";
import { wantedLocks } from "../../plan/wanted-locks.js";
import { runChangeCommand } from "./apply-change.js";
import { CameBack } from "./came-back.js";
import { timed } from "./run-step.js";
import { settleHidden } from "./settle-hidden.js";
import { append } from "../ledger/ledger.js";
import { clearLeftovers } from "./clear-leftovers.js";
import { runBatches } from "./backfill/run-batches.js";
import { unthrottled } from "./backfill/throttle.js";
import { finishDetachments, runOutside } from "./outside/run-outside.js";
import { standingOf } from "./outside/standing.js";
import { runTransaction, type RunContext } from "./run-transaction.js";
import type { Session } from "../session/session.js";
import { isUndefinedObject } from "../session/sql-state.js";

export interface RevertOptions {
  readonly manifest: Manifest;
  /** Keys of objects that the change met and did not make. */
  readonly met: readonly string[];
  /** Why, for the ledger. */
  readonly reason: string;
  /** Whether the change is held afterwards: true unless nobody judged it. */
  readonly hold: boolean;
  /** Where the change stands, if it was cut off: half-way up, or half-way back. */
  readonly open: OpenChange | null;
  readonly directory: string;
  /** False: the columns that it hides stay hidden; the next command settles them. */
  readonly settle?: boolean;
}

/**
 * Takes a change back with its sealed artifact, and records that. One that was applied goes back as a whole; one that was cut off half-way up goes back from
 * there: an object that it never came to make is not touched, and a statement whose object does not exist has nothing to undo. A way back that was itself cut off
 * goes on where it was.
 * @throws BelayError `irreversible`, or whatever a step throws; a section that failed has left nothing.
 */
export async function revertChange(context: RunContext, options: RevertOptions): Promise<void> {
  const startedAt = Date.now();
  const { manifest } = options;
  if (manifest.irreversible !== null) throw irreversible(manifest);
  const sections = manifest.sections.length === 0 ? [{ transaction: "inside", steps: [] } as const] : manifest.sections;
  // Names mean what they meant when the artifact was sealed, whatever the config says today.
  await (await context.target.worker()).reset(manifest.searchPath);
  const untouched = untouchedOf(options.open);
  await begin(context, options, sections, untouched);
  const back = { ...options, untouched };
  if (options.open !== null) await finishDetachments(context, stepsOf(sections));
  if (untouched !== null && !hasBegunBack(options.open)) {
    await clearLeftovers(context, manifest.leftovers?.filter(({ key }) => !untouched.includes(key)) ?? []);
  }
  if (manifest.command === null) await revertSections(context, back, sections);
  else await revertCommand(context, back, manifest.command);
  const durationMs = Date.now() - startedAt;
  if (options.settle !== false && manifest.command === null) await settleHidden(context, manifest.change);
  context.report({
    kind: "change-done",
    target: context.target.name,
    change: manifest.change,
    direction: "down",
    durationMs,
  });
}

/** Null where the whole change was applied. */
type WayBack = RevertOptions & { readonly untouched: readonly string[] | null };

/** What a change that was cut off half-way up never came to touch; null for one that was applied. */
function untouchedOf(open: OpenChange | null): readonly string[] | null {
  if (open === null) return null;
  if (open.direction === "down") return open.untouched;
  return untouchedAfter(open.touches, open.intended === null ? open.done : open.intended + 1);
}

/** What the way back makes by itself may bear the name of a leftover: once it is under way, they are gone already. */
function hasBegunBack(open: OpenChange | null): boolean {
  return open?.direction === "down" && (open.done > 0 || open.intended !== null);
}

/** Says that a way back begins which can be cut off; one that goes on has said so. */
async function begin(
  context: RunContext,
  { manifest, open }: RevertOptions,
  sections: readonly Section[],
  untouched: readonly string[] | null,
): Promise<void> {
  const canBeCutOff = manifest.command !== null || isBracketed(sections) || untouched !== null;
  if (!canBeCutOff || open?.direction === "down") return;
  await append(context.target.operator, "change-started", about(context), {
    direction: "down",
    digest: manifest.digest,
    sections: manifest.command === null ? sections.length : 1,
    before: null,
    ...(untouched !== null && { untouched }),
    ...(open?.batched != null && { batched: open.batched }),
  });
}

async function revertCommand(context: RunContext, options: WayBack, command: readonly string[]): Promise<void> {
  await runChangeCommand(context, command, options.directory);
  await recordReverted(context.target.operator, context, options);
}

async function revertSections(context: RunContext, options: WayBack, sections: readonly Section[]): Promise<void> {
  const done = options.open?.direction === "down" ? options.open.done : 0;
  const leave = new Set([...options.met, ...(options.untouched ?? [])]);
  const touches = touchesBackward(sections);
  const back = new CameBack(context, options.open);
  for (const [index, section] of sections.entries()) {
    if (index < done) continue;
    const record = (session: Session): Promise<number> =>
      index === sections.length - 1
        ? recordReverted(session, context, options)
        : append(session, "section-done", about(context), { direction: "down", section: index });
    const steps = section.steps.filter((step) => !touches.get(step)?.some((key) => leave.has(key)));
    if (section.transaction === "inside") {
      const work = async (session: Session): Promise<void> => {
        for (const step of steps) await undo(context, session, step, { back, isPartial: options.untouched !== null });
        await record(session);
      };
      await runTransaction(context, steps[0]?.sql ?? "", work, wantedLocks(steps));
    } else if (section.transaction === "batched") {
      for (const step of steps) {
        if (await back.isDone(context.target.operator, step)) continue;
        await undoBatched(context, index, step, touches.get(step) ?? [], options);
      }
      await record(context.target.operator);
    } else {
      for (const step of steps) {
        if (!(await back.isDone(context.target.operator, step))) await undoOutside(context, step);
      }
      await record(context.target.operator);
    }
  }
}

/** Where the change was not whole, a statement may have nothing to undo. */
async function undo(
  context: RunContext,
  session: Session,
  step: Step,
  { back, isPartial }: { readonly back: CameBack; readonly isPartial: boolean },
): Promise<void> {
  if (!isPartial) return back.run(session, step);
  await session.query("SAVEPOINT belay_step");
  try {
    await back.run(session, step);
  } catch (thrown) {
    if (!isUndefinedObject(thrown)) throw thrown;
    await session.query("ROLLBACK TO SAVEPOINT belay_step");
    context.report({ kind: "note", target: context.target.name, message: `nothing to undo for: ${step.sql}` });
  }
}

/** Where the change was cut off within the batches that this undoes, only what those came to is gone through. */
async function undoBatched(
  context: RunContext,
  section: number,
  step: Step,
  touches: readonly string[],
  { open, untouched }: WayBack,
): Promise<void> {
  const { sql, batch } = step;
  if (batch === undefined) return;
  const part = open?.batched ?? null;
  const limitedBy = part?.keys.some((key) => touches.includes(key)) === true ? part.section : null;
  try {
    await timed(context, sql, () => runBatches(context, { section, step, batch, limitedBy, throttled: unthrottled }));
  } catch (thrown) {
    if (untouched === null || !isUndefinedObject(thrown)) throw thrown;
    context.report({ kind: "note", target: context.target.name, message: `nothing to undo for: ${sql}` });
  }
}

/** Runs again over its own effect: it may have run before the way back was cut off. */
async function undoOutside(context: RunContext, step: Step): Promise<void> {
  if ((await standingOf(context.target.operator, step)) === "done") return;
  await timed(context, step.sql, () => runOutside(context, step));
}

async function recordReverted(session: Session, context: RunContext, options: WayBack): Promise<number> {
  return append(session, "reverted", about(context), {
    digest: options.manifest.digest,
    reason: options.reason,
    hold: options.hold,
    ...(options.untouched !== null && { partial: true }),
  });
}

function about(context: RunContext): { rollout: string | null; change: string; actor: string } {
  return { rollout: context.target.rollout, change: context.change, actor: context.target.actor };
}

function irreversible(manifest: Manifest): BelayError {
  return new BelayError(
    "refused",
    "irreversible",
    `${manifest.change} cannot be taken back: ${manifest.irreversible}.`,
  );
}
