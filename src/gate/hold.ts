import type { Gate } from "./gate.js";
import type { Measurement } from "./measurement.js";

/** Whether a gate holds back, as its measurements so far say. */
export interface Hold {
  readonly held: boolean;
  /** Why it is held; empty where it is not. */
  readonly reason: string;
  readonly successesInARow: number;
  readonly errorsInARow: number;
}

export const notHeld: Hold = { held: false, reason: "", successesInARow: 0, errorsInARow: 0 };

/**
 * What a gate says during a change, after one more measurement. It never fails the change: the first bad measurement holds it back, and so many good ones in a
 * row as the gate needs let it go on. An inconclusive one changes nothing. An error is no verdict on the database, so one or two are passed over; but who sees
 * nothing for `consecutiveErrorLimit` times does not go on either.
 */
export function holdAfter(gate: Gate, before: Hold, { outcome, detail = "" }: Measurement): Hold {
  switch (outcome) {
    case "failure":
      return { held: true, reason: detail, successesInARow: 0, errorsInARow: 0 };
    case "success": {
      const successesInARow = before.successesInARow + 1;
      const held = before.held && successesInARow < gate.consecutiveSuccess;
      return { held, reason: held ? before.reason : "", successesInARow, errorsInARow: 0 };
    }
    case "inconclusive":
      return { ...before, successesInARow: 0, errorsInARow: 0 };
    case "error": {
      const errorsInARow = before.errorsInARow + 1;
      const isBlind = !before.held && errorsInARow >= Math.max(1, gate.consecutiveErrorLimit);
      const reason = isBlind ? `its probe fails: ${detail}` : before.reason;
      return { held: before.held || isBlind, reason, successesInARow: 0, errorsInARow };
    }
  }
}
