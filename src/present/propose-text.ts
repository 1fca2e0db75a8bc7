import type { Paint } from "./paint.js";
import { shortStatement } from "./duration-text.js";
import { plural } from "./progress-text.js";

/** What a person is shown of a proposal. */
export interface ProposalView {
  readonly id: string;
  readonly severity: number;
  readonly blockExecution: boolean;
  readonly changes: readonly ChangeView[];
  readonly advisories: readonly { readonly heading: string; readonly text: string }[];
}

interface ChangeView {
  readonly title: string;
  readonly files: readonly string[];
  readonly action: "written" | "updated" | "unchanged" | "kept";
  readonly up: string;
  readonly down: string;
  readonly requires: readonly string[];
  readonly irreversible: string | null;
  readonly warnings: readonly string[];
}

const actionTexts = {
  written: "written",
  updated: "updated: the report's head has changed",
  unchanged: "unchanged",
  kept: "kept as you edited it",
} as const;

export function proposeText(view: ProposalView, paint: Paint, dryRun: boolean): readonly string[] {
  const blocked = view.blockExecution ? paint.bad(", blocked: a rollout refuses its changes") : "";
  const lines = [`${paint.strong(view.id)}  severity ${view.severity}${blocked}`, ""];
  for (const change of view.changes) lines.push(...changeText(change, paint, dryRun));
  if (view.changes.length === 0) lines.push("The report asks for no change of the schema.", "");
  lines.push(...advisoriesText(view, paint));
  const touched = view.changes.some(({ action }) => action === "written" || action === "updated");
  if (!dryRun && !touched && view.changes.length > 0)
    lines.push("", "The pairs and their artifacts are there already: nothing was changed.");
  const isDerivable = view.changes.some(({ irreversible, action }) => irreversible !== null && action !== "kept");
  if (!dryRun && isDerivable) lines.push("", `${paint.accent("next")}  belay build --derive, which writes the ways back that are missing`); // prettier-ignore
  if (!dryRun && touched) lines.push("", `${paint.accent("next")}  read the pairs, then belay rehearse`);
  return lines;
}

function changeText(change: ChangeView, paint: Paint, dryRun: boolean): readonly string[] {
  const lines = [`${paint.strong(change.title)}  ${dryRun ? "would be written" : actionTexts[change.action]}`];
  for (const file of change.files) lines.push(`  ${file}`);
  if (dryRun) lines.push(...indented(change.up), paint.dim("  -- and back:"), ...indented(change.down));
  else lines.push(...statements("up  ", change.up, paint), ...statements("down", change.down, paint));
  for (const required of change.requires) lines.push(`  requires ${required}`);
  if (change.irreversible !== null) 
    lines.push(paint.warn(`  no way back follows from the statement alone: ${change.irreversible}`), "  belay build --derive writes it, from a scratch copy of a database"); // prettier-ignore
  for (const warning of change.warnings) lines.push(paint.warn(`  ${warning}`));
  return [...lines, ""];
}

function statements(label: string, text: string, paint: Paint): readonly string[] {
  const own = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("--"));
  return own.map((line) => `  ${paint.dim(label)} ${shortStatement(line, 90)}`);
}

function advisoriesText(view: ProposalView, paint: Paint): readonly string[] {
  const { advisories } = view;
  if (advisories.length === 0) return [];
  const lines = [
    `${plural(advisories.length, "advisory").replace("advisorys", "advisories")}: what the report asks for in prose. Belay does not carry it out; nothing is dropped.`,
  ];
  for (const { heading, text } of advisories)
    lines.push(`  ${paint.accent(heading)}`, `    ${shortStatement(text, 100)}`);
  return lines;
}

function indented(text: string): readonly string[] {
  return text.trimEnd().split("\n").map((line) => `    ${line}`); // prettier-ignore
}
