import type { Change } from "../change/change.js";
import { BelayError } from "../errors.js";
import { foldTarget } from "../journal/target-state.js";
import { readEntries } from "../postgres/ledger/reader.js";
import type { Connections } from "../postgres/session/connections.js";
import { withSession } from "../postgres/session/session.js";
import type { Project } from "../system/project/project.js";

/** On what a way back is recorded. */
export interface RecordingBase {
  readonly name: string;
  readonly shownAs: string;
  /** The database whose catalog is copied; null for an empty one. */
  readonly url: string | null;
  readonly applied: ReadonlySet<string>;
}

/**
 * An empty database first, so that the same files give the same recording; then, where the changes stand on what none of them made, the catalog of the first target
 * that has nothing yet of what comes after the first of them.
 */
export async function* recordingBases(
  project: Project,
  wanted: readonly Change[],
  connections: Connections,
): AsyncGenerator<RecordingBase> {
  yield { name: "empty", shownAs: "an empty database", url: null, applied: new Set() };
  const first = project.changes.findIndex(({ id }) => id === wanted[0]?.id);
  const later = project.changes.slice(first + 1);
  for (const target of project.config.targets) {
    try {
      const url = await connections.urlOf(target);
      const applied = await withSession(url, { applicationName: "belay-read/recording" }, async (session) => {
        return new Set(foldTarget(await readEntries(session)).applied.map(({ id }) => id));
      });
      if (later.some(({ id }) => applied.has(id))) continue;
      yield { name: target.name, shownAs: `a copy of ${target.name}`, url, applied };
    } catch (thrown) {
      // No session is to be had there: another target may have one.
      if (!(thrown instanceof BelayError) || thrown.kind !== "usage") throw thrown;
    }
  }
}
