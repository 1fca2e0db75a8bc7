import { BelayError } from "../errors.js";
import type { Entry, FrozenTarget } from "../journal/entry.js";
import { foldTarget } from "../journal/target-state.js";
import type { Built, Builds } from "../postgres/build-plan.js";
import { readServer } from "../postgres/preflight/read-server.js";
import { parseOnServer } from "../postgres/preflight/server-parse.js";
import { addressOf, shown } from "../postgres/session/address.js";
import type { Connections } from "../postgres/session/connections.js";
import { openSession, type Session } from "../postgres/session/session.js";
import { isConnectionLost, lostEarly } from "../postgres/session/sql-state.js";
import { compareTargets, type Compared } from "../preflight/compare.js";
import { demandOfUnknown, type Demand } from "../preflight/demand.js";
import type { ServerFacts, TargetFacts } from "../preflight/facts.js";
import { few, refuse, sentenceOf, type Finding } from "../preflight/finding.js";
import { judgeName } from "../preflight/home.js";
import { judgeActivity } from "../preflight/judge-activity.js";
import { judgeDisk } from "../preflight/judge-disk.js";
import { judgeObjects } from "../preflight/judge-objects.js";
import { judgeOnline } from "../preflight/judge-online.js";
import { judgeRows } from "../preflight/judge-rows.js";
import { judgeServer, judgeTwins } from "../preflight/judge-server.js";
import { judgeOrder } from "../preflight/out-of-order.js";
import { wantedBy } from "../preflight/wanted.js";
import type { Project } from "../system/project/project.js";
import { surveyTarget, type Patience } from "./survey-target.js";
import { controlTarget, entriesIfAllowed, unfinishedIn, unfinishedOn, type Unfinished } from "./unfinished.js";
import { waitFor } from "./wait.js";

/** How long the end of a connection may come after the last that was heard on it, in milliseconds. */
const lastWordMs = 50;

export interface SurveyOptions {
  /** The targets that are looked at, in the order of the stages. */
  readonly names: readonly string[];
  /** Those of them to which changes go. */
  readonly selected: readonly string[];
  /** The last change; null for all. */
  readonly to: string | null;
  readonly outOfOrder: boolean;
  readonly patience: Patience | null;
}

/** A target as it was found. */
export interface Seen {
  readonly target: string;
  /** Where it is, without a password. */
  readonly shownAs: string;
  readonly server: ServerFacts;
  readonly applied: ReadonlySet<string>;
  /** Ids of what is pending there, in order; empty where nothing goes there. */
  readonly pending: readonly string[];
  /** Null where nothing is pending. */
  readonly facts: TargetFacts | null;
  /** The statements of what is pending there. */
  readonly demands: readonly Demand[];
}

export interface Survey {
  readonly targets: readonly Seen[];
  /** What is pending on any of the selected targets. */
  readonly pending: readonly Built[];
  readonly findings: readonly Finding[];
  /** A rollout that is not ended; what is pending is its own matter then, and was not looked into. */
  readonly unfinished: string | null;
}

/** Looks at targets, and at what the pending changes ask of them, before anything is touched. Reads only. */
export async function survey(
  project: Project,
  builds: Builds,
  connections: Connections,
  options: SurveyOptions,
): Promise<Survey> {
  const sessions: { readonly url: string; readonly session: Session }[] = [];
  try {
    const found: Found[] = [];
    for (const name of options.names) {
      const target = project.config.targets.find((candidate) => candidate.name === name);
      if (target === undefined) throw new BelayError("usage", "target-unknown", `There is no target ${name}.`);
      const url = await connections.urlOf(target);
      const { searchPath } = project.config.policy;
      const session = await openSession(url, { applicationName: "belay-read/preflight", searchPath });
      sessions.push({ url, session });
      const server = await readServer(session, searchPath);
      const entries = await entriesIfAllowed(session, server);
      const applied = new Set(foldTarget(entries).applied.map(({ id }) => id));
      found.push({ target: name, url, session, server, entries, applied });
    }
    const control = controlTarget(project);
    const own = found.find(({ target }) => target === control);
    const rollouts =
      own === undefined && control !== null
        ? await unfinishedOn(project, connections, control)
        : unfinishedIn(own?.entries ?? []);
    return await judge(project, builds, found, rollouts, options);
  } catch (thrown) {
    if (isConnectionLost(thrown)) await waitFor(lastWordMs, new AbortController().signal);
    const lost = sessions.find(({ session }) => !session.alive());
    throw lost === undefined ? thrown : lostEarly(thrown, addressOf(lost.url));
  } finally {
    await Promise.allSettled(sessions.map(({ session }) => session.close()));
  }
}

interface Found {
  readonly target: string;
  readonly url: string;
  readonly session: Session;
  readonly server: ServerFacts;
  readonly entries: readonly Entry[];
  readonly applied: ReadonlySet<string>;
}

async function judge(
  project: Project,
  builds: Builds,
  found: readonly Found[],
  { id: unfinished, findings: ofRollouts }: Unfinished,
  options: SurveyOptions,
): Promise<Survey> {
  const admission = [
    ...found.flatMap(({ target, server }) => judgeServer(target, server)),
    ...judgeTwins(found),
    ...found.flatMap(({ target, server, entries }) => judgeName(target, server, entries)),
  ];
  const chosen = found.filter(({ target }) => options.selected.includes(target));
  const { changes } = builds;
  const last = options.to === null ? changes.length : changes.findIndex(({ id }) => id === options.to) + 1;
  const pending = await builds.all(
    changes.slice(0, last).filter(({ id }) => chosen.some(({ applied }) => !applied.has(id))),
  );
  admission.push(...ofRollouts);
  const isOver = unfinished !== null || admission.some(({ severity }) => severity === "refuse");
  const seen: Seen[] = [];
  const wanted = wantedBy(pending.flatMap(demandsIn), searchPathOf(project));
  const findings: Finding[] = [...admission];
  for (const one of found) {
    const here = options.selected.includes(one.target)
      ? pending.filter(({ change }) => !one.applied.has(change.id))
      : [];
    const demands = here.flatMap(demandsIn);
    const skip = isOver || here.length === 0;
    const facts = skip ? null : await surveyTarget({ ...one, demands }, wanted, options.patience);
    const shownAs = shown(addressOf(one.url));
    seen.push({ ...one, shownAs, pending: here.map(({ change }) => change.id), facts, demands });
    if (facts === null) continue;
    findings.push(...(await judgeChanges(project, builds, one, facts, here, options)));
  }
  findings.push(...(await compareAll(project, builds, seen)));
  return { targets: seen, pending, findings, unfinished };
}

async function judgeChanges(
  project: Project,
  { changes }: Builds,
  { target, session, applied, entries }: Found,
  facts: TargetFacts,
  here: readonly Built[],
  options: SurveyOptions,
): Promise<readonly Finding[]> {
  const { policy } = project.config;
  const demands = here.flatMap(demandsIn);
  const unparsed = await parseOnServer(
    session,
    demands.filter(({ sql }) => sql !== ""),
  );
  const order = judgeOrder({
    target,
    pending: here.map(({ change }) => change.id),
    applied: [...applied],
    known: new Set(entries.flatMap(({ change }) => change ?? [])),
    order: changes.map(({ id }) => id),
    allowed: options.outOfOrder || policy.outOfOrder === "allow",
  });
  return [
    ...unparsed.map(({ place, message }) => {
      const said = `${place}: PostgreSQL ${facts.server.version} does not know this statement: ${message}.`;
      return refuse(
        "statement-unknown",
        target,
        said,
        "Write it as this server's version knows it, or upgrade the server first.",
      );
    }),
    ...order,
    ...judgeObjects(facts, demands, searchPathOf(project)),
    ...judgeOnline(facts, demands),
    ...judgeRows(facts, demands),
    ...judgeActivity(facts, demands, policy.vacuum),
    ...judgeDisk(facts, demands),
  ];
}

/** The first target on which something is pending proves the others, as far as they are alike. */
async function compareAll(project: Project, builds: Builds, seen: readonly Seen[]): Promise<readonly Finding[]> {
  const compared = seen.flatMap(({ facts, demands, applied }) =>
    facts === null ? [] : [{ facts, pending: demands, applied }],
  );
  const [first, ...others] = compared;
  if (first === undefined) return [];
  const { differences } = project.config.policy;
  const found = others.map(async (later) => {
    const moved = await movedBetween(builds, first.applied, later.applied);
    const as = ({ facts, pending }: typeof first): Compared => ({ facts, pending, moved });
    return compareTargets(as(first), as(later)).map((finding) =>
      differences === "refuse" && finding.severity === "warn"
        ? {
            ...finding,
            severity: "refuse" as const,
            hint: finding.hint ?? 'Make the two alike, or set policy.differences to "show".',
          }
        : finding,
    );
  });
  return (await Promise.all(found)).flat();
}

/** What the changes touch that one of two targets has and the other has not. */
async function movedBetween(
  builds: Builds,
  a: ReadonlySet<string>,
  b: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const only = builds.changes.filter(({ id }) => a.has(id) !== b.has(id));
  return new Set(
    (await builds.all(only)).flatMap((one) =>
      one.demands.flatMap(({ relations }) => relations.map(({ name }) => name)),
    ),
  );
}

function searchPathOf({ config }: Project): readonly string[] {
  return config.policy.searchPath.split(",").map((schema) => schema.trim());
}

/** The statements of a change; of one that runs something else, that nobody knows what it does. */
function demandsIn({ change, plan, demands }: Built): readonly Demand[] {
  const isOpaque =
    plan.form === "command" || (change.form === "knex" && !demands.some(({ direction }) => direction === "up"));
  return isOpaque ? [demandOfUnknown(change.files[0] ?? change.id), ...demands] : demands;
}

/**
 * Refuses what must not begin; all but the first reason are named beside it.
 * @throws BelayError with the code of the first finding that refuses.
 */
export function refuseFound(findings: readonly Finding[], accepted: readonly string[] = []): void {
  const refused = findings.filter(
    ({ severity, code, target }) =>
      severity === "refuse" && !(code === "target-mistaken" && accepted.includes(target ?? "")),
  );
  const [first, ...others] = refused;
  if (first === undefined) return;
  const more = others.length === 0 ? "" : ` And: ${few(others.map(sentenceOf), 3)}`;
  const kind = first.code === "same-database" ? "usage" : "refused";
  throw new BelayError(
    kind,
    first.code,
    `${sentenceOf(first)}${more}`,
    first.hint === null ? {} : { hint: first.hint },
  );
}

/** To which databases a rollout is bound. */
export function bindingsOf(targets: readonly Seen[], pending: readonly Built[]): readonly FrozenTarget[] {
  return targets.map(({ target, server, applied }) => ({
    name: target,
    systemIdentifier: server.systemIdentifier,
    database: server.database,
    applied: pending.map(({ change }) => change.id).filter((id) => applied.has(id)),
  }));
}
