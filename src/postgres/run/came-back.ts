import type { OpenChange } from "../../journal/target-state.js";
import type { Step } from "../../plan/step.js";
import type { Session } from "../session/session.js";
import type { RunContext } from "./run-context.js";
import { runStep } from "./run-step.js";

/** Knows which steps have nothing left to do, because what the other half of the change had hidden came back as it was. */
export class CameBack {
  readonly #context: RunContext;
  /** Null where they have to be asked for. */
  #keys: ReadonlySet<string> | null;

  /** `open`: where the change was cut off; something may have come back before that. */
  constructor(context: RunContext, open: OpenChange | null) {
    this.#context = context;
    this.#keys = open === null ? new Set() : null;
  }

  /** Runs the step, unless it has nothing left to do. */
  async run(session: Session, step: Step): Promise<void> {
    if (await this.isDone(session, step)) return;
    const rows = await runStep(this.#context, session, step);
    const [row] = rows;
    if (step.purpose === "unhide" && row?.["unhide"] === true) this.#keys = null;
    if (step.purpose === "return") tellStayed(this.#context, rows);
  }

  async isDone(session: Session, { unless }: Step): Promise<boolean> {
    if (unless === undefined) return false;
    this.#keys ??= await this.#asked(session);
    const keys = this.#keys;
    return unless.every((key) => keys.has(key));
  }

  async #asked(session: Session): Promise<ReadonlySet<string>> {
    const sql = "SELECT belay.returned($1) AS keys";
    const [row] = await session.query<{ keys: readonly string[] }>(sql, [this.#context.change]);
    return new Set(row?.keys);
  }
}

/** Rows that a half could not put back: `relation`, how many `stayed` as they are, and some of their `keys`. */
function tellStayed({ report, target }: RunContext, rows: readonly Record<string, unknown>[]): void {
  for (const { relation, stayed, keys } of rows) {
    if (typeof relation !== "string") continue;
    const some =
      Array.isArray(keys) && keys.length > 0 ? ` (${keys.join("; ")}${keys.length < Number(stayed) ? "; …" : ""})` : "";
    const message = `${String(stayed)} rows of ${relation} were changed since, or their place is taken: they stay as they are${some}`;
    report({ kind: "warning", target: target.name, message });
  }
}
