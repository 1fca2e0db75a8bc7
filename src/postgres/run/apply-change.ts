import type { Built } from "../build-plan.js";
import type { OpenChange } from "../../journal/target-state.js";
import { BelayError } from "../../errors.js";
import type { AppliedBody } from "../../journal/entry.js";
import { touchesForward } from "../../plan/touches.js";
import {
  isBracketed,
  isForKept,
  stepsOf,
  type ObjectKey,
  type Plan,
  type Section,
  type StatementPlan,
  type Step,
} from "../../plan/step.js";
import { wantedLocks } from "../../plan/wanted-locks.js";
import { quoteQualified } from "../../sql/quote.js";
import { runCommand } from "../../system/run-command.js";
import { withoutPassword } from "../session/address.js";
import { knexOn } from "../knex/bound-knex.js";
import { append } from "../ledger/ledger.js";
import { storedArtifact, type StoredArtifact } from "../ledger/artifacts.js";
import { runBatches } from "./backfill/run-batches.js";
import { unthrottled, type Throttled } from "./backfill/throttle.js";
import { metObjects } from "./met-objects.js";
import { runOutside } from "./outside/run-outside.js";
import { standingOf, type Standing } from "./outside/standing.js";
import { CameBack } from "./came-back.js";
import { runStep, timed } from "./run-step.js";
import { runTransaction, type RunContext } from "./run-transaction.js";
import type { Session } from "../session/session.js";

export interface ApplyOptions {
  readonly built: Built;
  /** Fingerprint of the catalog before. */
  readonly before: string;
  /** Where an interrupted run of the same change stands; null at the first try. */
  readonly open: OpenChange | null;
  /** The project's folder: where commands run. */
  readonly directory: string;
  /** Holds back what runs in batches; nothing does by default. */
  readonly throttled?: Throttled;
}

/**
 * Applies a change: section by section, each transaction together with its entry in the ledger, each statement outside one between its intent
 * and its record.
 * @throws whatever a step throws; a section that failed has left nothing.
 */
export async function applyChange(context: RunContext, options: ApplyOptions): Promise<void> {
  const startedAt = Date.now();
  const { change, plan } = options.built;
  await (await context.target.worker()).reset();
  if (plan.form === "command") await applyCommand(context, options, plan.forward, startedAt);
  else if (change.form === "knex") await applyKnex(context, options, startedAt);
  else await applySections(context, options, plan, startedAt);
  const durationMs = Date.now() - startedAt;
  context.report({ kind: "change-done", target: context.target.name, change: change.id, direction: "up", durationMs });
}

async function applySections(
  context: RunContext,
  options: ApplyOptions,
  plan: StatementPlan,
  startedAt: number,
): Promise<void> {
  const sections = await worthRunning(context, plan.forward);
  const met = [...(options.open?.met ?? [])];
  const back = new CameBack(context, options.open);
  if (isBracketed(sections) && options.open === null) await begin(context, options, touchesForward(sections));
  for (const [index, section] of sections.entries()) {
    if (index < (options.open?.done ?? 0)) continue;
    const isLast = index === sections.length - 1;
    const record = (session: Session): Promise<number> =>
      isLast
        ? recordApplied(session, context, options, met, startedAt)
        : append(session, "section-done", about(context), { direction: "up", section: index, met });
    if (section.transaction === "inside") await applyInside(context, section, { met, back, record });
    else if (section.transaction === "batched") await applyBatched(context, section, index, { options, back, record });
    else await applyOutside(context, section, index, { open: options.open, met, back, record });
  }
}

/** Most changes are applied for the first time: then nothing is kept for them, and what would bring it back is left out. */
async function worthRunning({ target, change }: RunContext, sections: readonly Section[]): Promise<readonly Section[]> {
  const steps = stepsOf(sections);
  if (!steps.some(isForKept) || steps.some(({ purpose }) => purpose === "keep" || purpose === "hide")) return sections;
  const sql = "SELECT EXISTS (SELECT FROM belay.journal WHERE change = $1 AND kind = 'kept') AS kept";
  const [row] = await target.operator.query<{ kept: boolean }>(sql, [change]);
  if (row?.kept !== false) return sections;
  return sections.map((section) => ({ ...section, steps: section.steps.filter((step) => !isForKept(step)) }));
}

interface Place {
  /** Keys of what was there already. */
  readonly met: string[];
  readonly back: CameBack;
  readonly record: (session: Session) => Promise<number>;
}

async function applyInside(context: RunContext, section: Section, { met, back, record }: Place): Promise<void> {
  const work = async (session: Session): Promise<void> => {
    const metNow: string[] = [];
    for (const step of section.steps) {
      metNow.push(...(await metObjects(session, step.mayMeet)));
      await back.run(session, step);
    }
    met.splice(0, met.length, ...new Set([...met, ...metNow]));
    await record(session);
  };
  await runTransaction(context, section.steps[0]?.sql ?? "", work, wantedLocks(section.steps));
}

async function applyBatched(
  context: RunContext,
  section: Section,
  index: number,
  { options, back, record }: Omit<Place, "met"> & { readonly options: ApplyOptions },
): Promise<void> {
  const [step] = section.steps;
  if (step?.batch === undefined) return;
  if (await back.isDone(context.target.operator, step)) {
    await record(context.target.operator);
    return;
  }
  const { sql, batch } = step;
  const throttled = options.throttled ?? unthrottled;
  await timed(context, sql, () => runBatches(context, { section: index, step, batch, limitedBy: null, throttled }));
  await record(context.target.operator);
}

async function applyOutside(
  context: RunContext,
  section: Section,
  index: number,
  { open, met, back, record }: Place & { readonly open: OpenChange | null },
): Promise<void> {
  const [step] = section.steps;
  if (step === undefined) return;
  const { operator } = context.target;
  if (await back.isDone(operator, step)) {
    await record(operator);
    return;
  }
  const standing = await standingOf(operator, step);
  const isOurs = open?.intended === index;
  if (!isOurs && standing === "done" && step.mayMeet.length > 0) {
    // IF NOT EXISTS over a valid index that somebody else made: there is nothing to do, and later nothing to take back.
    met.push(...step.mayMeet.map(({ key }) => key));
    await record(operator);
    return;
  }
  if (isOurs) tellStanding(context, step, standing);
  else {
    if (standing !== "not-done" && step.verification.kind === "index-valid")
      throw alreadyThere(context, step, standing);
    await append(operator, "section-intended", about(context), {
      direction: "up",
      section: index,
      statement: step.sql,
    });
  }
  if (!(isOurs && standing === "done")) await timed(context, step.sql, () => runOutside(context, step));
  await record(operator);
}

/** A migration that runs live may leave another role behind. */
const ownRole = "RESET SESSION AUTHORIZATION; RESET ROLE";

async function applyKnex(context: RunContext, options: ApplyOptions, startedAt: number): Promise<void> {
  const { change } = options.built;
  if (change.form !== "knex") return;
  const shown = `${change.files[0]}: up(knex)`;
  if (change.directives.transaction === "off") {
    if (options.open === null) await begin(context, options, null);
    const session = await context.target.worker();
    const met = await metObjects(session, mayMeetIn(options.built.plan));
    await compareRows(context, session, options.built.plan);
    await timed(context, shown, async () => change.up(await knexOn(session.client)));
    await session.query(ownRole);
    await putBack(context, session, options.built.plan);
    await recordApplied(context.target.operator, context, options, met, startedAt);
    return;
  }
  const work = async (session: Session): Promise<void> => {
    const met = await metObjects(session, mayMeetIn(options.built.plan));
    await compareRows(context, session, options.built.plan);
    await timed(context, shown, async () => change.up(await knexOn(session.client)));
    await session.query(ownRole);
    await putBack(context, session, options.built.plan);
    await recordApplied(session, context, options, met, startedAt);
  };
  // As far as its statements could be recorded beforehand.
  await runTransaction(context, shown, work, wantedLocks(foreseen(options.built.plan)));
}

/** What its way back had kept, once the migration has made the place for it. */
async function putBack(context: RunContext, session: Session, plan: Plan): Promise<void> {
  const back = foreseen(plan).filter(({ purpose }) => purpose === "restore" || purpose === "return");
  for (const step of back) await runStep(context, session, step);
}

async function compareRows(context: RunContext, session: Session, plan: Plan): Promise<void> {
  for (const step of foreseen(plan)) if (step.purpose === "compare") await runStep(context, session, step);
}

function foreseen(plan: Plan): readonly Step[] {
  return plan.form === "command" ? [] : stepsOf(plan.forward);
}

/** What an IF NOT EXISTS of the plan may find there already. */
function mayMeetIn(plan: Plan): readonly ObjectKey[] {
  return foreseen(plan).flatMap((step) => step.mayMeet);
}

async function applyCommand(
  context: RunContext,
  options: ApplyOptions,
  argv: readonly string[],
  startedAt: number,
): Promise<void> {
  if (options.open === null) await begin(context, options, null);
  await runChangeCommand(context, argv, options.directory);
  await recordApplied(context.target.operator, context, options, [], startedAt);
}

/** Runs a command of a change; it finds the database in `BELAY_DATABASE_URL`. */
export async function runChangeCommand(context: RunContext, argv: readonly string[], directory: string): Promise<void> {
  const environment = {
    BELAY_DATABASE_URL: context.target.url,
    BELAY_TARGET: context.target.name,
    BELAY_DIRECTION: context.direction,
    // What libpq and its kin call their sessions: where this process is killed, the next command ends them like its own.
    PGAPPNAME: `belay/${context.target.rollout ?? "-"}/command`,
    ...context.environment,
  };
  const ended = await timed(context, argv.join(" "), () =>
    runCommand(argv, { cwd: directory, env: environment, signal: context.signal }),
  );
  if (ended.cancelled)
    throw new BelayError("interrupted", "interrupted", `${context.change} was interrupted: ${argv.join(" ")}`);
  if (ended.exitCode !== 0) {
    const how =
      ended.exitCode === null ? `was ended by ${ended.signal ?? "a signal"}` : `ended with exit code ${ended.exitCode}`;
    const printed = (ended.stderr.trim() || ended.stdout.trim()).split("\n").slice(-3).join(" ");
    // The command was handed the URL, and some tools repeat it when they fail.
    const said = withoutPassword(printed, context.target.url);
    throw new BelayError("refused", "command-failed", `${argv.join(" ")} ${how}${said === "" ? "" : `: ${said}`}`);
  }
}

/** `touches` is null for what runs as a whole: where it is cut off, nobody can tell what it touched. */
async function begin(
  context: RunContext,
  options: ApplyOptions,
  touches: readonly (readonly string[])[] | null,
): Promise<void> {
  const { change } = options.built;
  const stored = sealedIn(options);
  const body = {
    direction: "up" as const,
    digest: change.digest,
    sections: touches?.length ?? 1,
    before: options.before,
    artifact: stored.hash,
    ...(touches !== null && { touches }),
  };
  await append(context.target.operator, "change-started", about(context), body, stored);
}

async function recordApplied(
  session: Session,
  context: RunContext,
  options: ApplyOptions,
  met: readonly string[],
  startedAt: number,
): Promise<number> {
  const { change, artifact } = options.built;
  const stored = sealedIn(options);
  const body: AppliedBody = {
    title: change.title,
    digest: change.digest,
    requires: artifact.manifest.requires,
    before: options.before,
    met,
    durationMs: Date.now() - startedAt,
    artifact: stored.hash,
    irreversible: change.directives.irreversible,
  };
  return append(session, "applied", about(context), body, stored);
}

function sealedIn({ built: { artifact } }: ApplyOptions): StoredArtifact {
  return storedArtifact({ sql: artifact.text, manifest: artifact.manifest });
}

function about(context: RunContext): { rollout: string | null; change: string; actor: string } {
  return { rollout: context.target.rollout, change: context.change, actor: context.target.actor };
}

/** An earlier run was cut off here: says what the catalog knows of it. */
function tellStanding(context: RunContext, { sql }: Step, standing: Standing): void {
  const found = {
    done: "had taken effect",
    leftover: "was left half-done",
    "not-done": "had not taken effect",
  }[standing];
  context.report({ kind: "note", target: context.target.name, message: `"${sql}" was cut off, and ${found}` });
}

function alreadyThere(context: RunContext, { sql, verification }: Step, standing: Standing): BelayError {
  const name = verification.kind === "index-valid" ? quoteQualified(verification.index) : "";
  const isInvalid = standing === "leftover";
  const what = isInvalid ? "an INVALID one, which nobody can use and writes pay for" : "a valid one";
  // A rollout goes back for it, and keeps the sentence alone: what to do is part of it.
  const remedy = isInvalid
    ? `If nobody is building it at this moment: DROP INDEX CONCURRENTLY ${name};`
    : "Drop or rename the existing one, or take the statement out.";
  const message = `${context.target.name}: "${sql}" would make an index that is there already, ${what}, and Belay did not make it. ${remedy}`;
  return new BelayError("refused", "object-exists", message);
}
