import { BelayError } from "../../errors.js";
import type { Report } from "../../progress.js";
import type { OpenTarget } from "../session/open-target.js";
import type { Session } from "../session/session.js";

/** How long a transaction that is still under way is waited for, in milliseconds. */
const patienceMs = 30_000;
const pollMs = 50;

/** The connection was lost after COMMIT was sent and before its answer came: only the server knows whether the transaction stands. */
export class CommitUnknown extends BelayError {
  constructor(
    readonly change: string,
    /** The transaction's id, as pg_current_xact_id() gave it; null where it wrote no entry. */
    readonly xid: string | null,
    cause: unknown,
  ) {
    super("not-back", "commit-unknown", `the answer to the COMMIT of ${change} was lost`, { cause });
  }
}

/**
 * Asks the server, on a new session, what became of a transaction whose COMMIT got no answer (manual, 9.27.7: pg_xact_status), and says so. One that is still
 * under way is waited for: until it has ended the ledger cannot be believed.
 */
export async function askWhatBecame(target: OpenTarget, thrown: unknown, report: Report): Promise<void> {
  if (!(thrown instanceof CommitUnknown) || thrown.xid === null) return;
  const became = await statusOf(target.operator, thrown.xid);
  const message = `${thrown.message}: its transaction ${thrown.xid} ${said[became] ?? `is ${became}`}`;
  report({ kind: "note", target: target.name, message });
}

const said: Readonly<Record<string, string>> = {
  committed: "is committed",
  aborted: "did not take place",
  "in progress": "is still under way",
  forgotten: "is too old for the server to remember; the ledger tells",
};

async function statusOf(session: Session, xid: string): Promise<string> {
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    const [row] = await session.query<{ status: string | null }>("SELECT pg_xact_status($1::xid8) AS status", [xid]);
    const status = row?.status ?? "forgotten";
    if (status !== "in progress" || Date.now() > giveUpAt) return status;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
