import { BelayError, messageOf } from "../errors.js";
import type { Entry } from "../journal/entry.js";
import { readEntries } from "../postgres/ledger/reader.js";
import { readServer } from "../postgres/preflight/read-server.js";
import type { Connections } from "../postgres/session/connections.js";
import { withSession, type Session } from "../postgres/session/session.js";
import { isConnectionLost } from "../postgres/session/sql-state.js";
import type { ServerFacts } from "../preflight/facts.js";
import { note, warn, type Finding } from "../preflight/finding.js";
import type { Project } from "../system/project/project.js";
import { foldRollouts } from "./rollout-state.js";

/** The rollout that is not ended; null where there is none, or nobody can tell. */
export interface Unfinished {
  readonly id: string | null;
  readonly findings: readonly Finding[];
}

/** The target whose ledger tells of rollouts: the first of the first stage. Null where no stage has one. */
export function controlTarget({ config }: Project): string | null {
  return config.stages.flatMap(({ targets }) => targets)[0] ?? null;
}

export function unfinishedIn(entries: readonly Entry[]): Unfinished {
  const id = foldRollouts(entries).findLast(({ ended }) => ended === null)?.id ?? null;
  if (id === null) return { id, findings: [] };
  const message = `The rollout ${id} is unfinished: belay rollout goes on with it.`;
  return { id, findings: [note("rollout-unfinished", null, message)] };
}

/** Asks the ledger of a target at which nothing else is looked; where it cannot be asked, a finding says so. */
export async function unfinishedOn(project: Project, connections: Connections, name: string): Promise<Unfinished> {
  const target = project.config.targets.find((candidate) => candidate.name === name);
  if (target === undefined) return { id: null, findings: [] };
  const { searchPath } = project.config.policy;
  try {
    const url = await connections.urlOf(target);
    return await withSession(url, { applicationName: "belay-read/preflight", searchPath }, async (session) => {
      const server = await readServer(session, searchPath);
      const { ledger, role } = server;
      if (ledger.there && !ledger.readable) return unknown(name, `the role ${role} may not read its ledger`);
      return unfinishedIn(await entriesIfAllowed(session, server));
    });
  } catch (thrown) {
    if (!(thrown instanceof BelayError) && !isConnectionLost(thrown)) throw thrown;
    return unknown(name, messageOf(thrown));
  }
}

export async function entriesIfAllowed(session: Session, { ledger }: ServerFacts): Promise<readonly Entry[]> {
  return ledger.there && ledger.readable ? readEntries(session) : [];
}

function unknown(target: string, why: string): Unfinished {
  const message = `whether a rollout is unfinished stands in its ledger, which cannot be read: ${why.replace(/\.$/, "")}.`;
  const hint = "A rollout looks at every target of the stages, and would be refused.";
  return { id: null, findings: [warn("rollouts-unknown", target, message, hint)] };
}
