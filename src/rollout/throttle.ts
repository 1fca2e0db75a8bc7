import { BelayError } from "../errors.js";
import { gateDefaults, type Gate } from "../gate/gate.js";
import { holdAfter, notHeld, type Hold } from "../gate/hold.js";
import { evaluate } from "../gate/measurement.js";
import { append } from "../postgres/ledger/ledger.js";
import { readRollout } from "../postgres/ledger/reader.js";
import type { Throttled } from "../postgres/run/backfill/throttle.js";
import { gatesOf, probeContext } from "./gates.js";
import { measure } from "./probe.js";
import { openTargetOf, type RolloutContext } from "./rollout-context.js";
import { foldRollout } from "./rollout-state.js";
import { waitFor } from "./wait.js";

interface Place {
  readonly stage: string;
  readonly target: string;
}

/** How soon a batch that is held looks again, and how often the journal is asked for a person's word, in milliseconds. */
const lookAgainMs = 100;
const askJournalMs = 1_000;

/**
 * Holds a change's batches back while a gate of the stage's phase `during` is red, and ends them where a person has asked for a pause or an abort: at the border
 * of a batch, from which the next command goes on or back.
 */
export function throttledBy(context: RolloutContext, place: Place): Throttled {
  return async (work) => {
    const over = new AbortController();
    const signal = AbortSignal.any([context.signal, over.signal]);
    const specifications = gatesOf(context.project.config, place.stage, "during").flatMap(
      (name) => context.project.config.gates[name] ?? [],
    );
    const watches = specifications.map((one) => watch(context, place, gateDefaults(one, "during"), signal));
    let askedAt = Date.now();
    const heed = async (): Promise<void> => {
      if (context.signal.aborted) throw stopped(place, "interrupted by a person");
      if (Date.now() - askedAt <= askJournalMs) return;
      await refuseSteered(context, place);
      askedAt = Date.now();
    };
    const clear = async (): Promise<void> => {
      await Promise.all(watches.map(({ seen }) => seen));
      for (;;) {
        await heed();
        for (const { refuseBroken } of watches) refuseBroken();
        if (!watches.some(({ held }) => held())) return;
        await waitFor(lookAgainMs, context.signal);
      }
    };
    try {
      return await work({ clear, heed });
    } finally {
      over.abort();
      await Promise.all(watches.map(({ ended }) => ended));
    }
  };
}

interface Watch {
  /** Resolves after the first measurement: what is red from the beginning holds the first batch. */
  readonly seen: Promise<void>;
  readonly held: () => boolean;
  /** @throws what ended the watch before its time: nobody would see any more when to hold. */
  readonly refuseBroken: () => void;
  readonly ended: Promise<void>;
}

/** Measures again and again beside the batches, until the signal. */
function watch(context: RolloutContext, place: Place, gate: Gate, signal: AbortSignal): Watch {
  let hold = notHeld;
  let broken: { readonly thrown: unknown } | null = null;
  let see: () => void = () => undefined;
  const seen = new Promise<void>((resolve) => (see = resolve));
  const run = async (): Promise<void> => {
    await waitFor(gate.initialDelayMs, signal);
    while (!signal.aborted) {
      const reading = await measure(gate, { ...probeContext(context, place.target), signal });
      if (signal.aborted) return;
      const before = hold;
      hold = holdAfter(gate, before, evaluate(gate, reading));
      see();
      if (hold.held !== before.held) await tell(context, place, gate, hold);
      await waitFor(gate.intervalMs, signal);
    }
  };
  const ended = run()
    .catch((thrown: unknown) => {
      broken = { thrown };
    })
    .finally(see);
  const refuseBroken = (): void => {
    if (broken !== null) throw broken.thrown;
  };
  return { seen, held: () => hold.held, refuseBroken, ended };
}

async function tell(context: RolloutContext, { target }: Place, gate: Gate, { held, reason }: Hold): Promise<void> {
  const body = { gate: gate.name, target, held, reason };
  context.report({ kind: "throttled", ...body });
  const { operator } = openTargetOf(context, target);
  await append(operator, "throttled", { rollout: context.rollout, actor: context.actor }, body);
}

async function refuseSteered(context: RolloutContext, place: Place): Promise<void> {
  const state = foldRollout((await readRollout(context.control.operator, context.rollout)).entries, new Map());
  if (state.abortRequested) throw stopped(place, "aborted by a person");
  if (state.paused) throw stopped(place, "paused by a person");
}

function stopped({ target }: Place, why: string): BelayError {
  return new BelayError("interrupted", "batches-stopped", `${target}: the batches ended between two of them: ${why}.`);
}
