import type { Entry, EntryBodies, EntryKind, FrozenPlan } from "../../src/journal/entry.js";
import { foldTarget } from "../../src/journal/target-state.js";
import { decide, type Action, type Surroundings } from "../../src/rollout/decide.js";
import { foldRollout, type RolloutState } from "../../src/rollout/rollout-state.js";

export interface Scenario {
  readonly stages: readonly {
    readonly name: string;
    readonly targets: readonly string[];
    readonly approval: boolean;
  }[];
  readonly changes: readonly string[];
  readonly gates: Readonly<Record<"before" | "after", readonly string[]>>;
  readonly rollBack: Surroundings["rollBack"];
}

/** What befalls a step: nothing, a failure, a broken probe, the death of the process before or after its record. */
export type Fate = "well" | "fails" | "unsure" | "dies-before" | "dies-after" | "paused" | "aborted" | "interrupted";

export const fates: readonly Fate[] = [
  "well", "fails", "unsure", "dies-before", "dies-after", "paused", "aborted", "interrupted",
]; // prettier-ignore

export interface Step {
  readonly action: Action;
  readonly state: RolloutState;
  /** Targets with something to take back, in the order in which they went forward. */
  readonly left: readonly string[];
}

const rollout = "r";

/** Ledgers without a database: each step appends what the real one would, or less where the process dies. */
export class World {
  readonly control: Entry[] = [];
  readonly ledgers: ReadonlyMap<string, Entry[]>;
  /** Targets whose way back failed in this run of the process. */
  readonly notBack = new Set<string>();
  readonly trace: Step[] = [];

  constructor(readonly scenario: Scenario) {
    this.ledgers = new Map(scenario.stages.flatMap(({ targets }) => targets.map((target) => [target, []])));
    const plan: FrozenPlan = {
      digest: "p",
      changes: scenario.changes.map((id) => ({ id, digest: id, artifact: id })),
      stages: scenario.stages,
      strictApproval: false,
    };
    this.append(this.control, "rollout-started", null, { plan });
  }

  get state(): RolloutState {
    return foldRollout(this.control, this.ledgers);
  }

  get surroundings(): Surroundings {
    const appliedOn = (target: string): readonly string[] =>
      foldTarget(this.ledgers.get(target) ?? []).applied.map(({ id }) => id);
    return {
      pending: (target) => this.scenario.changes.filter((id) => !appliedOn(target).includes(id)),
      open: (target) => foldTarget(this.ledgers.get(target) ?? []).open?.id ?? null,
      standing: (target) => appliedOn(target).toReversed(),
      gates: (_, phase) => this.scenario.gates[phase],
      rollBack: this.scenario.rollBack,
      notBack: this.notBack,
    };
  }

  /** One turn of the loop. Gives the outcome where it has ended. */
  step(fate: Fate): string | null {
    if (fate === "paused") this.append(this.control, "pause-requested", null, {});
    if (fate === "aborted") this.append(this.control, "abort-requested", null, {});
    const { state } = this;
    if (fate === "interrupted" && state.turned === null && state.ended === null) {
      const turn = { target: null, change: null, gate: null, message: "", by: "interrupt" } as const;
      this.append(this.control, "turned-back", null, turn);
      return null;
    }
    const action = decide(state, this.surroundings);
    const left = state.targets.filter(
      ({ target }) => !this.notBack.has(target) && this.surroundings.standing(target)[0],
    );
    this.trace.push({ action, state, left: left.map(({ target }) => target) });
    if (action.kind === "end") return this.end(action.outcome);
    if (fate !== "dies-before") this.carryOut(action, fate);
    // A new process tries every way back again.
    if (fate.startsWith("dies")) this.notBack.clear();
    return null;
  }

  private end(outcome: Extract<Action, { kind: "end" }>["outcome"]): string | null {
    if (outcome === "rollback_failed") {
      // The next command goes on with what is not back.
      this.notBack.clear();
      return null;
    }
    if (this.state.ended === null) this.append(this.control, "rollout-ended", null, { outcome });
    return outcome;
  }

  private carryOut(action: Exclude<Action, { kind: "end" }>, fate: Fate): void {
    switch (action.kind) {
      case "await-approval":
        if (fate !== "unsure") this.append(this.control, "approved", null, { stage: action.stage });
        return;
      case "start-target":
        return this.append(this.at(action.target), "target-started", null, { target: action.target, before: "zero" });
      case "gate-before":
      case "gate-after":
        for (const gate of action.gates) this.gate(action, gate, fate);
        return;
      case "apply":
        return this.apply(action, fate);
      case "bake":
        return this.append(this.control, "stage-done", null, { stage: action.stage });
      case "turn-back":
        return this.append(this.control, "turned-back", null, action.turn);
      case "pause":
        return this.append(this.control, "resume-requested", null, {});
      case "settle-back":
      case "revert": {
        const change = action.kind === "revert" ? action.change : this.surroundings.open(action.target);
        if (fate === "fails") this.notBack.add(action.target);
        else this.append(this.at(action.target), "reverted", change, { digest: change ?? "", reason: "" });
        return;
      }
      case "prove": {
        const equal = fate !== "fails";
        if (!equal) this.notBack.add(action.target);
        const body = { target: action.target, expected: "zero", actual: equal ? "zero" : "one", equal };
        return this.append(this.at(action.target), "back-proved", null, body);
      }
    }
  }

  private gate(action: Extract<Action, { kind: "gate-before" | "gate-after" }>, gate: string, fate: Fate): void {
    const verdict = fate === "fails" ? "fail" : fate === "unsure" ? "error" : "pass";
    const phase = action.kind === "gate-before" ? "before" : "after";
    const { target } = action;
    this.append(this.at(target), "gate", null, { gate, target, phase, verdict, reason: "", measurements: [] });
  }

  private apply({ target, change }: Extract<Action, { kind: "apply" }>, fate: Fate): void {
    const ledger = this.at(target);
    const digest = change;
    if (fate === "fails") return this.append(ledger, "failed", change, { digest, message: "", sqlState: null });
    if (this.surroundings.open(target) === null && change.startsWith("bracketed")) {
      this.append(ledger, "change-started", change, { direction: "up", digest, sections: 2, before: "zero" });
      if (fate === "dies-after") return;
    }
    const body = { title: change, digest, requires: [], before: "zero", met: [], durationMs: 0, irreversible: null };
    this.append(ledger, "applied", change, body);
  }

  private at(target: string): Entry[] {
    return this.ledgers.get(target) ?? [];
  }

  private append<K extends EntryKind>(ledger: Entry[], kind: K, change: string | null, body: EntryBodies[K]): void {
    const seq = ledger.length + 1;
    ledger.push({ seq, at: String(seq), kind, rollout, change, actor: "a", body } as Entry);
  }
}
