import { BelayError } from "../../../errors.js";
import type { Step } from "../../../plan/step.js";
import { makesNobodyQueue } from "../../../plan/wanted-locks.js";
import type { QualifiedName } from "../../../sql/name.js";
import type { Session } from "../../session/session.js";
import { isCancelled, isLockTimeout } from "../../session/sql-state.js";
import { cancellable, pauseUnless } from "../cancellable.js";
import { sessionName, type RunContext } from "../run-context.js";
import { clearLeftover } from "./clear-leftover.js";
import { runGreedy } from "./run-greedy.js";
import { standingOf } from "./standing.js";
import { watchOutside } from "./watch-outside.js";

/** Between two tries to finish a detachment, in milliseconds: for that long nobody queues behind us. */
const finishPauseMs = 1_000;

/**
 * Runs one statement that cannot stand in a transaction, and verifies it in the catalog. What an earlier try has left is cleared away first, and what this one leaves
 * when it fails. Index builds wait for their locks without a timeout: they make nobody queue, and a timeout would leave an INVALID index. What keeps others out asks
 * for its locks within the budget.
 * @throws BelayError `index-unnamed`; `not-verified` where it ended well and the catalog disagrees; `lock-patience-spent` where the table's lock was not to be had.
 */
export async function runOutside(context: RunContext, step: Step): Promise<void> {
  if (/^CREATE .*INDEX CONCURRENTLY$/.test(step.command) && step.verification.kind === "none") throw unnamed(step);
  const session = await context.target.worker();
  await session.rename(sessionName(context));
  const watch = watchOutside(context, session, step);
  try {
    if ((await standingOf(session, step)) === "leftover") {
      await clear(context, session, step);
      if ((await standingOf(session, step)) === "done") return;
    }
    await runOnce(context, session, step);
  } catch (thrown) {
    if (session.alive() && (await standingOf(session, step)) === "leftover") await clear(context, session, step);
    throw watch.gaveUp() && isCancelled(thrown) ? patienceSpent(context, step, thrown) : thrown;
  } finally {
    await watch.stop();
  }
  const standing = await standingOf(session, step);
  const isShown = step.verification.kind === "reindexed" ? standing !== "leftover" : standing === "done";
  if (step.verification.kind !== "none" && !isShown) throw notVerified(step);
}

async function runOnce(context: RunContext, session: Session, step: Step): Promise<void> {
  if (!makesNobodyQueue(step)) return runGreedy(context, session, step);
  if (step.verification.kind !== "detached") {
    await cancellable(context, session, () => session.query(step.sql));
    return;
  }
  // Its second half wants ACCESS EXCLUSIVE on the partition: that is asked for within the budget, again and again.
  await session.query(`SET lock_timeout = ${context.lock.budgetMs}`);
  try {
    await cancellable(context, session, () => session.query(step.sql));
  } catch (thrown) {
    if (!isLockTimeout(thrown) || (await standingOf(session, step)) !== "leftover") throw thrown;
    await clear(context, session, step);
  } finally {
    if (session.alive()) await session.query("SET lock_timeout = 0");
  }
}

/** Clears a leftover away, and says so; a detachment is tried to be finished until the patience is spent. */
async function clear(
  context: RunContext,
  session: Session,
  { verification }: Pick<Step, "verification">,
): Promise<void> {
  const giveUpAt = Date.now() + context.lock.patienceMs;
  const { target, report } = context;
  if (verification.kind === "detached") await session.query(`SET lock_timeout = ${context.lock.budgetMs}`);
  for (;;) {
    try {
      const message = await clearLeftover(session, verification);
      if (message !== null) report({ kind: "note", target: target.name, message });
      break;
    } catch (thrown) {
      if (!isLockTimeout(thrown) || Date.now() > giveUpAt) throw thrown;
      await pauseUnless(context, finishPauseMs);
    }
  }
  if (verification.kind === "detached") await session.query("SET lock_timeout = 0");
}

/**
 * Finishes the detachments that were cut off half-way, of partitions that these steps name: nothing else can be done with such a partition, neither on the way
 * forward nor back.
 */
export async function finishDetachments(context: RunContext, steps: readonly Step[]): Promise<void> {
  const session = await context.target.worker();
  const names = steps.flatMap(({ locks }) => locks.map(({ relation }) => relation));
  const pending = await session.query<{ parent: QualifiedName; partition: QualifiedName }>(
    `SELECT json_build_object('schema', pn.nspname, 'name', p.relname) AS parent, json_build_object('schema', cn.nspname, 'name', c.relname) AS partition
     FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
     JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
     WHERE i.inhdetachpending AND i.inhrelid IN (SELECT to_regclass(name) FROM unnest($1::text[]) AS n(name))`,
    [names],
  );
  for (const one of pending) await clear(context, session, { verification: { kind: "detached", ...one } });
}

function unnamed({ sql }: Step): BelayError {
  const message = `"${sql}" builds an index without a name: nobody could tell it from one that was left half-built.`;
  return new BelayError("refused", "index-unnamed", message, { hint: "Give the index a name." });
}

function notVerified({ sql }: Step): BelayError {
  const message = `"${sql}" ended without an error, but the catalog does not show its effect.`;
  return new BelayError("refused", "not-verified", message);
}

function patienceSpent({ target, lock }: RunContext, { sql }: Step, cause: unknown): BelayError {
  const message = `${target.name}: "${sql}" did not get the lock on its table within ${lock.patienceMs} ms.`;
  return new BelayError("refused", "lock-patience-spent", message, {
    hint: "Run it again when what holds the table has ended, or raise policy.lock.patience.",
    cause,
  });
}
