import { BelayError } from "../errors.js";
import { append } from "../postgres/ledger/ledger.js";
import { readEntries } from "../postgres/ledger/reader.js";
import { readServer } from "../postgres/preflight/read-server.js";
import type { OpenTarget } from "../postgres/session/open-target.js";
import type { Session } from "../postgres/session/session.js";
import { homeOf, judgeHome, judgeName } from "../preflight/home.js";
import { describeIdentity, isSameDatabase, type Identity } from "../preflight/identity.js";

/** Names of targets of which a person said that they are the right place all the same. */
export interface Accepted {
  /** Their ledger was copied along with its database, or the database has a new name. */
  readonly copies: readonly string[];
  /** Their database had another target's name before. */
  readonly renamed: readonly string[];
}

/** Lets sessions of a target in where they lead to the database that its ledger knows, and to the same one each time. */
export interface Admission {
  /** @throws BelayError `target-copied`, `target-mistaken` or `target-changed`; nothing was touched. */
  admit(session: Session): Promise<void>;
  /** Writes an accepted copy into its ledger, which knows it as its own from then on. */
  settle(open: OpenTarget): Promise<void>;
}

export function admissionTo(target: string, searchPath: string, accepted: Accepted): Admission {
  let bound: Identity | null = null;
  return {
    admit: async (session) => {
      const { systemIdentifier, database } = await readServer(session, searchPath);
      const here = { systemIdentifier, database };
      if (bound !== null && !isSameDatabase(bound, here)) throw moved(bound, here);
      const entries = await readEntries(session);
      const found = [
        ...(accepted.copies.includes(target) ? [] : judgeHome(target, here, entries)),
        ...(accepted.renamed.includes(target) ? [] : judgeName(target, here, entries)),
      ];
      const [first] = found;
      if (first !== undefined) {
        throw new BelayError("refused", first.code, first.message, first.hint === null ? {} : { hint: first.hint });
      }
      bound = here;
    },
    settle: async (open) => {
      const home = homeOf(await readEntries(open.operator));
      if (bound === null || home === null || isSameDatabase(home.identity, bound)) return;
      const { rollout, actor, operator } = open;
      await append(operator, "copy-accepted", { rollout, actor }, { from: home.identity, identity: bound });
    },
  };
}

function moved(bound: Identity, here: Identity): BelayError {
  const message = `this command began on ${describeIdentity(bound)}, but the url now leads to ${describeIdentity(here)}.`;
  return new BelayError("refused", "target-changed", message, { hint: "Correct the target's url in the config." });
}
