import type { ServerFacts } from "./facts.js";
import { refuse, warn, type Finding } from "./finding.js";

/** The majors on which Belay is tested. */
const tested = { from: 14, to: 18 };

/** What forbids any work on a target, whatever is pending there. */
export function judgeServer(target: string, server: ServerFacts): readonly Finding[] {
  const { inRecovery, readOnly, lacksStandby, major, version, database } = server;
  if (inRecovery) {
    const message = `the server is a standby (in recovery): it only reads, and so nothing can be applied there.`;
    return [refuse("standby", target, message, "Point the target's url at the primary.")];
  }
  const findings: Finding[] = [...judgeLedger(target, server)];
  if (readOnly) {
    const message = `sessions of ${server.role} on ${database} are read-only (default_transaction_read_only is on).`;
    const hint = `Take it back: ALTER ROLE … or ALTER DATABASE … RESET default_transaction_read_only, or correct the url.`;
    findings.push(refuse("read-only", target, message, hint));
  }
  if (lacksStandby) {
    const message =
      "synchronous_standby_names asks for a synchronous standby, and none is connected: each COMMIT would wait for it without end.";
    findings.push(
      refuse("synchronous-standby-absent", target, message, "Start the standby, or change synchronous_standby_names."),
    );
  }
  if (major < tested.from || major > tested.to) {
    const message = `PostgreSQL ${version} is not among the versions that Belay is tested on (${tested.from} to ${tested.to}).`;
    findings.push(warn("version-untested", target, message));
  }
  return findings;
}

function judgeLedger(target: string, { ledger, role, database, mayCreateInDatabase }: ServerFacts): readonly Finding[] {
  if (ledger.there ? ledger.usable : mayCreateInDatabase) return [];
  const what = ledger.there
    ? "may not use the ledger in the schema belay"
    : `may not make the schema belay in ${database}`;
  const hint = ledger.there
    ? `Let ${role} have it: GRANT the role that owns the schema belay TO ${role}.`
    : `GRANT CREATE ON DATABASE ${database} TO ${role};`;
  return [refuse("rights-missing", target, `permission denied: the role ${role} ${what}.`, hint)];
}

/**
 * Two targets that lead to one database: what runs on the first one would run on the second.
 * A physical copy shares its original's system identifier; it is told apart by when its server started.
 */
export function judgeTwins(
  targets: readonly { readonly target: string; readonly server: ServerFacts }[],
): readonly Finding[] {
  return targets.flatMap(({ target, server }, index) =>
    targets.slice(0, index).flatMap((earlier) => {
      const other = earlier.server;
      if (other.systemIdentifier !== server.systemIdentifier || other.database !== server.database) return [];
      if (other.startedAt === server.startedAt) {
        const message = `it is the same database as ${earlier.target}: ${server.database}, by another address.`;
        return [refuse("same-database", target, message, "Correct the url of one of them in the config.")];
      }
      if (server.systemIdentifier === null) return [];
      const message = `it has the system identifier and the name of ${earlier.target}: one is a physical copy of the other, and a plan cannot tell them apart.`;
      return [warn("physical-copy", target, message)];
    }),
  );
}
