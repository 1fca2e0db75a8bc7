import type { LockMode } from "../sql/effects.js";
import type { Demand } from "./demand.js";
import type { RunningVacuum, TargetFacts } from "./facts.js";
import { few, note, refuse, warn, type Finding } from "./finding.js";
import { conflicts } from "./lock-conflict.js";

/** A prepared transaction that is younger may still be ended by whoever prepared it, in seconds. */
export const settledAfterSeconds = 5;

/** What stands in the way of the pending statements at this moment. */
export function judgeActivity(
  facts: TargetFacts,
  demands: readonly Demand[],
  vacuum: "wait" | "refuse",
): readonly Finding[] {
  const wanted = locksWanted(facts, demands);
  return [
    ...judgePrepared(facts, wanted),
    ...judgeVacuums(facts, wanted, vacuum),
    ...judgeTransactions(facts),
    ...judgeSlots(facts),
  ];
}

/** The locks that the statements, there and back, take on what is there, by oid; on an index's table too. */
function locksWanted(
  { relations }: TargetFacts,
  demands: readonly Demand[],
): ReadonlyMap<number, ReadonlySet<LockMode>> {
  const byName = new Map(relations.map((relation) => [relation.name, relation]));
  const wanted = new Map<number, Set<LockMode>>();
  for (const { name, mode } of demands.flatMap((demand) => demand.relations)) {
    const relation = byName.get(name);
    for (const oid of relation === undefined ? [] : [relation.oid, relation.tableOid])
      wanted.set(oid, (wanted.get(oid) ?? new Set()).add(mode));
  }
  return wanted;
}

function isKeptOut(wanted: ReadonlyMap<number, ReadonlySet<LockMode>>, oid: number, held: LockMode): boolean {
  return [...(wanted.get(oid) ?? [])].some((mode) => conflicts(mode, held));
}

/** A prepared transaction has no process: nobody sees it among the blockers, and it outlives every restart (manual, PREPARE TRANSACTION). */
function judgePrepared(facts: TargetFacts, wanted: ReadonlyMap<number, ReadonlySet<LockMode>>): readonly Finding[] {
  return facts.activity.prepared.flatMap(({ gid, owner, ageSeconds, locks }) => {
    const held = locks.filter(({ oid, mode }) => isKeptOut(wanted, oid, mode));
    if (held.length === 0) return [];
    const quoted = `'${gid.replaceAll("'", "''")}'`;
    const what = few([...new Set(held.map(({ oid, mode }) => `${nameOf(facts, oid)} in ${mode}`))]);
    const message = `the prepared transaction ${quoted} of ${owner}, ${ageText(ageSeconds)} old, holds ${what}.`;
    const hint = `If nobody will finish it: ROLLBACK PREPARED ${quoted}; (or COMMIT PREPARED, if its coordinator says so), as ${owner} or a superuser in this database.`;
    return [refuse("prepared-transaction", facts.target, message, hint)];
  });
}

/** An ordinary autovacuum gives way by itself, after deadlock_timeout; one against wraparound, and a person's own, does not (manual, 24.1.6). */
function judgeVacuums(
  facts: TargetFacts,
  wanted: ReadonlyMap<number, ReadonlySet<LockMode>>,
  policy: "wait" | "refuse",
): readonly Finding[] {
  return facts.activity.vacuums
    .filter(({ oid }) => isKeptOut(wanted, oid, "SHARE UPDATE EXCLUSIVE"))
    .map((vacuum) => {
      const message = `${vacuumNames[vacuum.kind]} of ${nameOf(facts, vacuum.oid)} is running (process ${vacuum.pid}${progressText(vacuum)}).`;
      if (vacuum.kind === "autovacuum")
        return note("autovacuum-running", facts.target, `${message} It gives way to the change by itself.`);
      const hint =
        policy === "wait"
          ? "Wait until it has ended: it was waited for as long as policy.lock.patience says."
          : 'Wait until it has ended, or set policy.vacuum to "wait".';
      return refuse("vacuum-running", facts.target, message, hint);
    });
}

const vacuumNames = {
  vacuum: "a VACUUM",
  autovacuum: "an autovacuum",
  "wraparound vacuum": "an autovacuum to prevent wraparound",
} as const;

function progressText({ phase, blocksScanned, blocksTotal }: RunningVacuum): string {
  if (phase === null) return "";
  const part =
    blocksTotal === null || blocksScanned === null || blocksTotal === 0
      ? ""
      : `, ${Math.floor((100 * blocksScanned) / blocksTotal)} % of ${blocksTotal} blocks`;
  return `, ${phase}${part}`;
}

function judgeTransactions({ target, activity }: TargetFacts): readonly Finding[] {
  return activity.longTransactions.slice(0, 5).map(({ pid, user, application, state, ageSeconds }) => {
    const who = application === "" ? user : `${user} (${application})`;
    const message = `a transaction of ${who}, process ${pid}, has been open for ${ageText(ageSeconds)} (${state}): an index that is built concurrently waits for its end.`;
    return warn(
      "long-transaction",
      target,
      message,
      `SELECT pg_terminate_backend(${pid}); ends it, if nobody needs it.`,
    );
  });
}

function judgeSlots({ target, activity }: TargetFacts): readonly Finding[] {
  return activity.idleSlots
    .filter(({ retainedBytes }) => retainedBytes !== 0)
    .map(({ name, retainedBytes }) => {
      const how = retainedBytes === null ? "WAL" : `${bytesText(retainedBytes)} of WAL`;
      const message = `the replication slot ${name} is inactive and holds back ${how}: what a change writes stays on the disk.`;
      return warn(
        "slot-inactive",
        target,
        message,
        `SELECT pg_drop_replication_slot('${name}'); if nobody comes back for it.`,
      );
    });
}

function nameOf({ relations }: TargetFacts, oid: number): string {
  const found =
    relations.find((relation) => relation.oid === oid) ?? relations.find(({ tableOid }) => tableOid === oid);
  return found?.name ?? `relation ${oid}`;
}

function ageText(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

/** `3.4 GB`, in powers of 1024, as pg_size_pretty() counts. */
export function bytesText(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
