import { BelayError, messageOf } from "../errors.js";
import { applyChange } from "../postgres/run/apply-change.js";
import type { Built } from "../postgres/build-plan.js";
import { tableHashes } from "../postgres/catalog/table-hashes.js";
import { readTarget } from "../postgres/ledger/reader.js";
import type { OpenTarget } from "../postgres/session/open-target.js";
import { readCatalog, type Catalog } from "../postgres/ledger/record-catalog.js";
import { revertChange } from "../postgres/run/revert-change.js";
import type { RunContext } from "../postgres/run/run-transaction.js";
import { readObjects } from "../postgres/preflight/read-objects.js";
import type { Session } from "../postgres/session/session.js";
import { explain, isConnectionLost } from "../postgres/session/sql-state.js";
import { judgeOnline } from "../preflight/judge-online.js";
import { wantedBy } from "../preflight/wanted.js";
import type { Report } from "../progress.js";
import type { Policy } from "../system/config/config.js";
import { catalogEquals, dataEquals, type Assertion } from "./assertion.js";
import { watchLocks, type TakenLock } from "./lock-watch.js";
import { runArtifactFile } from "./run-artifact.js";

/** What a rehearsal of one change came to. */
export interface ChangeRehearsal {
  readonly change: string;
  readonly outcome: "proven" | "failed";
  readonly assertions: readonly Assertion[];
  readonly locks: readonly TakenLock[];
  readonly durationMs: { readonly up: number; readonly down: number };
  /** Fingerprint of the catalog that it was rehearsed on. */
  readonly base: string;
}

export interface Stage {
  readonly target: OpenTarget;
  readonly policy: Policy;
  readonly directory: string;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/**
 * Rehearses one change on a scratch database: up, down by Belay, up, down by the artifact's file alone, the file once more, up. It ends applied, so that the
 * next change finds what it requires.
 */
export async function rehearseChange(stage: Stage, built: Built): Promise<ChangeRehearsal> {
  const assertions: Assertion[] = [];
  const locks = watchLocks();
  const durationMs = { up: 0, down: 0 };
  const before = await readCatalog(stage.target.operator);
  const note = (assertion: Assertion): void => {
    assertions.push(assertion);
    stage.report({ kind: "assertion", change: built.change.id, ...assertion });
  };
  const run = new Run(stage, built, before, locks);
  stage.report({ kind: "rehearsing", change: built.change.id });
  try {
    durationMs.up = await run.named("up-runs", note, async () => {
      await refuseUnfit(stage.target.operator, built);
      await run.up();
    });
    if (built.change.directives.irreversible === null) {
      await proveBack(run, before, note, durationMs);
    } else {
      note({ name: "declared-irreversible", passed: true, detail: built.change.directives.irreversible });
    }
  } catch (thrown) {
    if (!(thrown instanceof StepFailed)) throw thrown;
  }
  const outcome = assertions.every((assertion) => assertion.passed) ? "proven" : "failed";
  return { change: built.change.id, outcome, assertions, locks: locks.taken(), durationMs, base: before.fingerprint };
}

/** What the tables of the copy cannot have in the form in which it is to be made, in the words of the check before a rollout. */
async function refuseUnfit(session: Session, { demands }: Built): Promise<void> {
  const { relations } = await readObjects(session, wantedBy(demands));
  const [row] = await session.query<{ major: number }>("SELECT current_setting('server_version_num')::int / 10000 AS major");
  const [first] = judgeOnline({ target: "scratch", server: { major: row?.major ?? 0 }, relations }, demands);
  if (first === undefined) return;
  throw new BelayError("refused", first.code, first.hint === null ? first.message : `${first.message} ${first.hint}`);
} // prettier-ignore

async function proveBack(
  run: Run,
  before: Catalog,
  note: (a: Assertion) => void,
  durationMs: { down: number },
): Promise<void> {
  const { operator } = run.stage.target;
  const applied = await readCatalog(operator);
  durationMs.down = await run.named("down-runs", note, () => run.down());
  note(catalogEquals("catalog-returns", before, await readCatalog(operator)));
  note(dataEquals("data-returns", run.rowsBefore, await tableHashes(operator.client)));
  await run.named("up-runs-again", note, () => run.up());
  note(catalogEquals("catalog-repeats", applied, await readCatalog(operator)));
  if (run.built.artifact.manifest.command !== null) return;
  await run.named("artifact-runs-alone", note, async () => void (await run.file()));
  note(catalogEquals("artifact-returns", before, await readCatalog(operator)));
  await idempotent(run, note);
  await run.up();
}

/** The artifact a second time says "already" and changes nothing. */
async function idempotent(run: Run, note: (assertion: Assertion) => void): Promise<void> {
  const name = "down-is-idempotent";
  const before = await readCatalog(run.stage.target.operator);
  try {
    const said = (await run.file()).join(" ");
    const same = catalogEquals(name, before, await readCatalog(run.stage.target.operator));
    const told = said.includes("already");
    note(same.passed && !told ? { name, passed: false, detail: `the second run said: ${said}` } : same);
  } catch (thrown) {
    // Where a statement cannot be skipped, the second run is refused by the guard, before anything is touched.
    note({ name, passed: messageOf(thrown).includes("already"), detail: messageOf(thrown) });
  }
}

/** A step of a rehearsal failed; the assertion that says so is already noted. */
class StepFailed extends BelayError {}

class Run {
  rowsBefore: Awaited<ReturnType<typeof tableHashes>> = {};

  constructor(
    readonly stage: Stage,
    readonly built: Built,
    readonly before: Catalog,
    readonly locks: ReturnType<typeof watchLocks>,
  ) {}

  async up(): Promise<void> {
    const { operator } = this.stage.target;
    this.rowsBefore = await tableHashes(operator.client);
    await applyChange(this.context("up"), {
      built: this.built,
      before: this.before.fingerprint,
      open: (await readTarget(operator)).open,
      directory: this.stage.directory,
    });
  }

  async down(): Promise<void> {
    const state = await readTarget(this.stage.target.operator);
    const met = state.applied.find((applied) => applied.id === this.built.change.id)?.met ?? [];
    const { manifest } = this.built.artifact;
    const why = { reason: "rehearsal", hold: false };
    await revertChange(this.context("down"), { manifest, met, ...why, open: null, directory: this.stage.directory });
  }

  /** The operator gives its lock away for the length of the file: the file takes it itself. */
  async file(): Promise<readonly string[]> {
    const { target } = this.stage;
    return target.lend(() => runArtifactFile(target.url, this.built.artifact.text));
  }

  /** Runs a step, and notes under its name whether it did. Gives its time in milliseconds. */
  async named(name: string, note: (assertion: Assertion) => void, work: () => Promise<void>): Promise<number> {
    const startedAt = performance.now();
    try {
      await work();
    } catch (thrown) {
      if (thrown instanceof BelayError && ["interrupted", "defect"].includes(thrown.kind)) throw thrown;
      // That says nothing about the change.
      if (isConnectionLost(thrown)) throw thrown;
      note({ name, passed: false, detail: explain(thrown) });
      throw new StepFailed("found", "rehearsal-step-failed", explain(thrown), { cause: thrown });
    }
    const durationMs = Math.round(performance.now() - startedAt);
    note({ name, passed: true, detail: `${durationMs} ms` });
    return durationMs;
  }

  private context(direction: "up" | "down"): RunContext {
    const { target, policy, report, signal } = this.stage;
    const environment = { BELAY_REHEARSAL: "1" };
    return {
      target,
      change: this.built.change.id,
      direction,
      lock: policy.lock,
      report,
      signal,
      observer: this.locks,
      environment,
    };
  }
}
