import { readServer } from "../postgres/preflight/read-server.js";
import type { Session } from "../postgres/session/session.js";
import type { Identity } from "../preflight/identity.js";
import { isSameDatabase } from "../preflight/identity.js";
import { elsewhere } from "./freeze.js";
import type { Survey } from "./survey.js";

/** Which database each target is; it does not change while a command runs. */
export interface Binding {
  readonly identities: ReadonlyMap<string, Identity>;
  /**
   * Called with each new session before anything is done on it, also where a lost connection was opened again.
   * @throws BelayError `target-changed` where the address leads to another database than before.
   */
  readonly admit: (target: string, session: Session) => Promise<void>;
}

/** Binds the targets to the databases that were seen; what was not seen yet is bound by its first session. */
export function bindTargets(seen: Survey | null, searchPath: string): Binding {
  const identities = new Map<string, Identity>(seen?.targets.map(({ target, server }) => [target, server]));
  return {
    identities,
    admit: async (target, session) => {
      const found = await readServer(session, searchPath);
      const bound = identities.get(target);
      if (bound !== undefined && !isSameDatabase(bound, found))
        throw elsewhere(target, "this command began on", bound, found);
      identities.set(target, found);
    },
  };
}
