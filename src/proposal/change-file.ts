import type { SqlPair } from "./rails-sql.js";
import { oneLine } from "./report-error.js";

/** What the head of a change's file says, in this order. */
export interface FileHead {
  readonly title: string;
  readonly proposal: string;
  /** 0 to 10. */
  readonly severity: number;
  readonly blocked: boolean;
  /** Ids of changes. */
  readonly requires: readonly string[];
  readonly irreversible: string | null;
  /** Where in the report the change comes from. */
  readonly heading: string;
}

const LONGEST_COMMENT = 200;

/** The text of the `.up.sql`. */
export function upFile(head: FileHead, { up }: SqlPair): string {
  const directives = [
    ["title", head.title],
    ["proposal", head.proposal],
    ["severity", String(head.severity)],
    ...(head.blocked ? [["blocked", `${head.proposal} says block_execution: true`]] : []),
    ...head.requires.map((id) => ["requires", id]),
    ...(head.irreversible === null ? [] : [["irreversible", head.irreversible]]),
  ];
  const lines = directives.map(([name, value]) => `-- belay:${name} ${comment(value ?? "")}`);
  return `${[...lines, `-- ${comment(head.heading).replace(/^belay:/i, "belay ")}`].join("\n")}\n\n${statements(up)}`;
}

/** The text of the `.down.sql`. */
export function downFile({ title, irreversible }: FileHead, { down }: SqlPair): string {
  if (irreversible !== null) return `-- There is no way back from ${comment(title)}: ${comment(irreversible)}\n`;
  return `-- Takes back ${comment(title)}\n\n${statements(down)}`;
}

function statements(list: readonly string[]): string {
  return list.map((statement) => `${statement};\n`).join("");
}

/** Text of a report in a comment: one line of it. */
function comment(text: string): string {
  const line = oneLine(text);
  return line.length <= LONGEST_COMMENT ? line : `${[...line].slice(0, LONGEST_COMMENT - 1).join("")}…`;
}
