import type { Paint } from "./paint.js";

/** What a rollout came to, for a person. */
export interface RolloutView {
  readonly rollout: string | null;
  readonly outcome: "completed" | "rolled_back" | "rollback_failed" | "refused" | "paused" | "aborted";
  readonly targets: readonly {
    readonly target: string;
    readonly stage: string;
    readonly state: string;
    readonly applied: readonly string[];
    readonly reverted: readonly string[];
  }[];
  readonly failure: { readonly message: string } | null;
  readonly notBack: readonly { readonly target: string; readonly reason: string }[];
}

export function rolloutText(view: RolloutView, paint: Paint): readonly string[] {
  if (view.rollout === null) return ["Every change is applied on every target: there is nothing to do."];
  return ["", headline(view, paint), ...targetsText(view, paint), ...detailsText(view, paint)];
}

function headline(view: RolloutView, paint: Paint): string {
  const name = paint.strong(`rollout ${view.rollout}`);
  switch (view.outcome) {
    case "completed":
      return `${name} ${paint.good("completed")}`;
    case "rolled_back":
      return `${name} failed, ${paint.warn("rolled back, and proved to be back")}`;
    case "rollback_failed":
      return `${name} failed, and is ${paint.bad("NOT back")}: a person is needed`;
    case "refused":
      return `${name} ${paint.warn("refused before anything was touched")}`;
    case "paused":
      return `${name} ${paint.warn("paused: it waits for a person")}`;
    case "aborted":
      return `${name} ${paint.warn("stopped, taken back, and proved to be back")}`;
  }
}

function targetsText(view: RolloutView, paint: Paint): readonly string[] {
  const width = Math.max(0, ...view.targets.map(({ target }) => target.length));
  return view.targets.map(({ target, state, applied, reverted }) => {
    const done = [...applied.map((id) => `+ ${id}`), ...reverted.map((id) => `↩ ${id}`)];
    return `  ${target.padEnd(width)}  ${stateText(state, paint)}  ${paint.dim(done.join("  "))}`.trimEnd();
  });
}

function stateText(state: string, paint: Paint): string {
  if (state === "done") return paint.good(state);
  return state === "rollback-failed" ? paint.bad(state) : paint.warn(state);
}

/** What the error beside the result does not say already. */
function detailsText(view: RolloutView, paint: Paint): readonly string[] {
  const lines = view.notBack.map(({ target, reason }) => `${paint.bad("not back")} ${target}: ${reason}`);
  if (view.outcome === "aborted" && view.failure !== null) lines.push(`${paint.dim("why")}   ${view.failure.message}`);
  return lines;
}
