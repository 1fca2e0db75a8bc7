import type { Manifest } from "../artifact/manifest.js";
import type { OpenChange } from "../journal/target-state.js";
import { BelayError } from "../errors.js";
import { isBracketed, stepsOf, type Section, type Step } from "../plan/step.js";
import { quoteQualified } from "../sql/quote.js";
import { runChangeCommand, runStep, timed } from "./apply-change.js";
import { append } from "./ledger/ledger.js";
import { relationExists } from "./met-objects.js";
import { runOutside } from "./outside-step.js";
import { runTransaction, type RunContext } from "./run-transaction.js";
import type { Session } from "./session.js";
import { isUndefinedObject } from "./sql-state.js";

export interface RevertOptions {
  readonly manifest: Manifest;
  /** Keys of objects that the change met and did not make. */
  readonly met: readonly string[];
  /** Why, for the ledger. */
  readonly reason: string;
  /** Whether the change is held afterwards: true unless nobody judged it. */
  readonly hold: boolean;
  /** Where an interrupted way back stands. */
  readonly open: OpenChange | null;
  readonly directory: string;
}

/**
 * Takes an applied change back with its sealed artifact, and records that; an interrupted way back goes on where it was.
 * @throws BelayError `irreversible`, or whatever a step throws; a section that failed has left nothing.
 */
export async function revertChange(context: RunContext, options: RevertOptions): Promise<void> {
  const startedAt = Date.now();
  const { manifest } = options;
  if (manifest.irreversible !== null) throw irreversible(manifest);
  const sections = manifest.sections.length === 0 ? [{ transaction: "inside", steps: [] } as const] : manifest.sections;
  const count = manifest.command === null ? sections.length : 1;
  if (options.open === null && (manifest.command !== null || isBracketed(sections))) {
    const body = { direction: "down", digest: manifest.digest, sections: count, before: null } as const;
    await append(context.target.operator, "change-started", about(context), body);
  }
  await pinSearchPath(context, manifest);
  if (manifest.command === null) await revertSections(context, options, sections);
  else await revertCommand(context, options, manifest.command);
  const durationMs = Date.now() - startedAt;
  context.report({
    kind: "change-done",
    target: context.target.name,
    change: manifest.change,
    direction: "down",
    durationMs,
  });
}

/** Names mean what they meant when the artifact was sealed, whatever the config says today. */
async function pinSearchPath(context: RunContext, manifest: Manifest): Promise<void> {
  const session = await context.target.worker();
  await session.query("SELECT set_config('search_path', $1, false)", [manifest.searchPath]);
}

async function revertCommand(context: RunContext, options: RevertOptions, command: readonly string[]): Promise<void> {
  await runChangeCommand(context, command, options.directory);
  await recordReverted(context.target.operator, context, options);
}

async function revertSections(
  context: RunContext,
  options: RevertOptions,
  sections: readonly Section[],
): Promise<void> {
  for (const [index, section] of sections.entries()) {
    if (index < (options.open?.done ?? 0)) continue;
    const record = (session: Session): Promise<number> =>
      index === sections.length - 1
        ? recordReverted(session, context, options)
        : append(session, "section-done", about(context), { direction: "down", section: index });
    const steps = section.steps.filter((step) => !step.removes.some((key) => options.met.includes(key)));
    if (section.transaction === "inside") {
      await runTransaction(context, steps[0]?.sql ?? "", async (session) => {
        for (const step of steps) await runStep(context, session, step);
        await record(session);
      });
    } else {
      for (const step of steps) await revertOutside(context, step);
      await record(context.target.operator);
    }
  }
}

/** Runs again over its own effect: it may have run before the way back was cut off. */
async function revertOutside(context: RunContext, step: Step): Promise<void> {
  const { verification } = step;
  if (
    verification.kind === "index-gone" &&
    !(await relationExists(context.target.operator, quoteQualified(verification.index)))
  )
    return;
  await timed(context, step.sql, () => runOutside(context, step));
}

/**
 * Takes back a change that was cut off half-way up. Its way back runs over what is there: a statement whose object does not exist has nothing to undo, and an
 * object that the change never came to make is not touched (`untouched`, by key).
 */
export async function revertPartial(
  context: RunContext,
  options: RevertOptions,
  untouched: ReadonlySet<string>,
): Promise<void> {
  const { manifest } = options;
  if (manifest.irreversible !== null) throw irreversible(manifest);
  await pinSearchPath(context, manifest);
  if (manifest.command !== null) await runChangeCommand(context, manifest.command, options.directory);
  for (const section of manifest.sections) {
    for (const step of section.steps) {
      if (step.removes.some((key) => options.met.includes(key) || untouched.has(key))) continue;
      if (section.transaction === "outside") await revertOutside(context, step);
      else await tolerant(context, step);
    }
  }
  await append(context.target.operator, "reverted", about(context), {
    digest: manifest.digest,
    reason: options.reason,
    hold: options.hold,
    partial: true,
  });
}

async function tolerant(context: RunContext, step: Step): Promise<void> {
  try {
    await runTransaction(context, step.sql, (session) => runStep(context, session, step));
  } catch (thrown) {
    if (!isUndefinedObject(thrown)) throw thrown;
    context.report({ kind: "note", target: context.target.name, message: `nothing to undo for: ${step.sql}` });
  }
}

/** What the sections of a way forward that were never begun would have made. */
export function untouchedBy(forward: readonly Section[], open: OpenChange): ReadonlySet<string> {
  const begun = open.intended ?? open.done - 1;
  return new Set(stepsOf(forward.slice(begun + 1)).flatMap((step) => step.makes));
}

async function recordReverted(session: Session, context: RunContext, options: RevertOptions): Promise<number> {
  return append(session, "reverted", about(context), {
    digest: options.manifest.digest,
    reason: options.reason,
    hold: options.hold,
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
