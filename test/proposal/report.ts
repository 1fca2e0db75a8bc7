import { readFile } from "node:fs/promises";
import { changesOf, type ProposedChange } from "../../src/proposal/changes-of.js";
import { parseProposal } from "../../src/proposal/parse-proposal.js";
import type { AdvisoryAction, Proposal } from "../../src/proposal/proposal.js";

/** The lines of a sound head; the body of a report made by `report` starts on the line after the last of them. */
export const HEAD = [
  "- id: r_1",
  "- timestamp: 2026-01-01T01:47:04.827Z",
  "- severity: 6",
  "- block_execution: false",
  "- proposal:",
  "",
];

export function report(...body: readonly string[]): string {
  return [...HEAD, ...body, ""].join("\n");
}

/** A report with one block of code; its first line is line 8. */
export function block(language: string, ...lines: readonly string[]): string {
  return report(`\`\`\`${language}`, ...lines, "```");
}

export async function parse(text: string): Promise<Proposal> {
  return await parseProposal(text, "report.md");
}

export async function changes(text: string): Promise<readonly ProposedChange[]> {
  return await changesOf(await parse(text), "report.md");
}

/** The one change that these commands of Rails ask for. */
export async function railsChange(command: string): Promise<ProposedChange> {
  const [change, ...others] = await changes(block("bash", command));
  if (change === undefined || others.length > 0) throw new Error(`${others.length + 1} changes from ${command}`);
  return change;
}

export function advisories(proposal: Proposal): readonly AdvisoryAction[] {
  return proposal.actions.filter((action) => action.kind === "advisory");
}

export async function fixture(name: string): Promise<string> {
  return await readFile(new URL(`fixtures/${name}.txt`, import.meta.url), "utf8");
}

/** The statements of a half, without its head. */
export function statementsOf(half: string): readonly string[] {
  return half
    .replace(/^(?:--.*\n)*\n?/, "")
    .split(/;\n/)
    .map((statement) => statement.replaceAll(/\s+/g, " ").trim())
    .filter((statement) => statement !== "");
}
