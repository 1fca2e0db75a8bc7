import { freeDisk } from "../postgres/preflight/free-disk.js";
import { readActivity } from "../postgres/preflight/read-activity.js";
import { readNotKept } from "../postgres/preflight/read-not-kept.js";
import { readObjects } from "../postgres/preflight/read-objects.js";
import { readSizes } from "../postgres/preflight/read-sizes.js";
import type { Session } from "../postgres/session/session.js";
import type { Demand } from "../preflight/demand.js";
import type { Activity, RelationFacts, ServerFacts, TargetFacts } from "../preflight/facts.js";
import type { Finding } from "../preflight/finding.js";
import { sentenceOf } from "../preflight/finding.js";
import { judgeActivity, settledAfterSeconds } from "../preflight/judge-activity.js";
import type { Wanted } from "../preflight/wanted.js";
import type { Report } from "../progress.js";
import type { Policy } from "../system/config/config.js";
import { waitFor } from "./wait.js";

/** How a survey waits for what may end by itself; null: it does not, it only looks. */
export interface Patience {
  readonly policy: Policy;
  readonly report: Report;
  readonly signal: AbortSignal;
}

export interface SurveyedTarget {
  readonly target: string;
  readonly url: string;
  readonly session: Session;
  readonly server: ServerFacts;
  /** What is pending there. */
  readonly demands: readonly Demand[];
}

/** Reads everything about a target that bears on its pending changes: a handful of statements, however many changes there are. */
export async function surveyTarget(
  { target, url, session, server, demands }: SurveyedTarget,
  wanted: Wanted,
  patience: Patience | null,
): Promise<TargetFacts> {
  const { relations, objects } = await readObjects(session, wanted);
  const sizes = await readSizes(session, worked(relations, demands));
  const notKept = await readNotKept(session, relations, demands);
  const facts = { target, server, relations, objects, sizes, notKept, freeBytes: await freeDisk(url, server, sizes) };
  const tables = [...new Set(relations.flatMap(({ oid, tableOid }) => [oid, tableOid]))];
  const look = async (): Promise<TargetFacts> => ({ ...facts, activity: await readActivity(session, tables) });
  return settle(look, demands, patience);
}

/** The tables on which the statements have work to do that is as large as they are. */
function worked(relations: readonly RelationFacts[], demands: readonly Demand[]): readonly number[] {
  const names = new Set(demands.flatMap(({ work }) => work.map(({ relation }) => relation)));
  return [...new Set(relations.filter(({ name }) => names.has(name)).map(({ tableOid }) => tableOid))];
}

const lookEveryMs = 1_000;
/** How often a wait is mentioned, in milliseconds. */
const tellEveryMs = 15_000;

/** Looks again while what stands in the way may still go: a prepared transaction that is young, and a vacuum where the policy says so. */
async function settle(
  look: () => Promise<TargetFacts>,
  demands: readonly Demand[],
  patience: Patience | null,
): Promise<TargetFacts> {
  let facts = await look();
  if (patience === null) return facts;
  const { policy, report, signal } = patience;
  const giveUpAt = Date.now() + policy.lock.patienceMs;
  let tellAt = 0;
  while (!signal.aborted && Date.now() < giveUpAt) {
    const hopeful = judgeActivity(facts, demands, policy.vacuum).filter((finding) =>
      mayGo(finding, facts.activity, policy),
    );
    if (hopeful.length === 0) break;
    if (Date.now() >= tellAt) {
      for (const finding of hopeful)
        report({ kind: "note", target: facts.target, message: `waiting: ${finding.message}` });
      tellAt = Date.now() + tellEveryMs;
    }
    await waitFor(lookEveryMs, signal);
    facts = await look();
  }
  return facts;
}

function mayGo(finding: Finding, { prepared }: Activity, { vacuum }: Policy): boolean {
  if (finding.severity !== "refuse") return false;
  if (finding.code === "vacuum-running") return vacuum === "wait";
  if (finding.code !== "prepared-transaction") return false;
  return prepared.some(({ gid, ageSeconds }) => ageSeconds < settledAfterSeconds && sentenceOf(finding).includes(gid));
}
