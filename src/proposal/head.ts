import { lineOf, type AnyNode, type NodeOf } from "./markdown.js";
import { excerpt, reportError, type Place } from "./report-error.js";

/** The head of a report: its `- key: value` list. */
export interface Head {
  readonly id: string;
  readonly timestamp: string;
  readonly severity: number;
  readonly blockExecution: boolean;
  /** Keys that Belay gives no meaning to. */
  readonly others: readonly HeadEntry[];
}

export interface HeadEntry {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

export interface HeadList {
  readonly head: Head;
  /** What the item `- proposal:` holds, and the items after it: the body starts in them. */
  readonly body: readonly AnyNode[];
}

const ENTRY = /^[-*+]\s+([A-Za-z][\w-]*):(?:\s+(.*))?$/;
const SAFE_ID = /^[A-Za-z0-9._:-]{1,100}$/;
const UTC_TIME = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Reads the head.
 *
 * @throws BelayError `proposal-head-…`, `proposal-id`, `proposal-timestamp`, `proposal-severity` or `proposal-block-execution`.
 */
export function readHead(list: NodeOf<"list">, lines: readonly string[], source: string): HeadList {
  const bodyAt = list.children.findIndex((item) => /^[-*+]\s+proposal:/i.test(firstLine(item, lines)));
  const headItems = bodyAt === -1 ? list.children : list.children.slice(0, bodyAt);
  const entries = headItems.map((item) => readEntry(item, lines, source));
  refuseDuplicates(entries, source);
  const head = headOf(entries, { source, line: lineOf(list) });
  const [proposalItem, ...items] = list.children.slice(headItems.length);
  const body = proposalItem === undefined ? [] : withoutKey(proposalItem);
  return { head, body: items.length === 0 ? body : [...body, { ...list, children: items }] };
}

/** What stands in the item `- proposal:` besides its key: Markdown takes unindented lines after it as part of it. */
function withoutKey(item: NodeOf<"listItem">): readonly AnyNode[] {
  return item.children.map((child, index) => {
    const [first, ...others] = child.type === "paragraph" ? child.children : [];
    if (index > 0 || child.type !== "paragraph" || first?.type !== "text") return child;
    const text = { ...first, value: first.value.replace(/^proposal:\s*/i, "") };
    return { ...child, children: text.value === "" ? others : [text, ...others] };
  });
}

function headOf(entries: readonly HeadEntry[], start: Place): Head {
  const known = ["id", "timestamp", "severity", "block_execution"];
  const take = (key: string, example: string): readonly [string, Place] => {
    const entry = entries.find((each) => each.key === key);
    if (entry === undefined) {
      throw reportError(start, `head-${key.replace("_", "-")}`, `a line "- ${key}: ${example}" in the head`, "none");
    }
    return [entry.value, { source: start.source, line: entry.line }];
  };
  return {
    id: idOf(...take("id", "fsar_…")),
    timestamp: timestampOf(...take("timestamp", "2026-01-01T01:47:04.000Z")),
    severity: severityOf(...take("severity", "0 to 10")),
    blockExecution: blockExecutionOf(...take("block_execution", "true or false")),
    others: entries.filter(({ key }) => !known.includes(key)),
  };
}

function readEntry(item: NodeOf<"listItem">, lines: readonly string[], source: string): HeadEntry {
  const line = lineOf(item);
  const text = firstLine(item, lines);
  const [, key, value = ""] = ENTRY.exec(text) ?? [];
  if (key === undefined)
    throw reportError({ source, line }, "head-item", "a line `- key: value` of the head", excerpt(text));
  const end = item.position?.end.line ?? line;
  const extra = lines.slice(line, end).findIndex((each) => each.trim() !== "");
  if (extra !== -1) {
    const place = { source, line: line + 1 + extra };
    const expected = `"${key}" to be one line, and a blank line before the body`;
    throw reportError(place, "head-item", expected, excerpt(lines[line + extra] ?? ""));
  }
  return { key: key.toLowerCase(), value: value.trim(), line };
}

function firstLine(item: NodeOf<"listItem">, lines: readonly string[]): string {
  return (lines[lineOf(item) - 1] ?? "").trim();
}

function refuseDuplicates(entries: readonly HeadEntry[], source: string): void {
  const seen = new Map<string, number>();
  for (const { key, line } of entries) {
    const before = seen.get(key);
    if (before !== undefined) {
      throw reportError(
        { source, line },
        "head-duplicate",
        `"${key}" once in the head`,
        `it again, after line ${before}`,
      );
    }
    seen.set(key, line);
  }
}

function idOf(value: string, place: Place): string {
  if (SAFE_ID.test(value)) return value;
  throw reportError(place, "id", "an id of 1 to 100 characters of A-Z a-z 0-9 . _ : -", excerpt(value));
}

function timestampOf(value: string, place: Place): string {
  const time = UTC_TIME.test(value) ? new Date(value) : new Date(Number.NaN);
  const [year = 0, month = 0, day = 0] = value.slice(0, 10).split("-").map(Number);
  const dayExists = day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (!Number.isNaN(time.getTime()) && dayExists && year >= 1970 && year < 9999) return time.toISOString();
  throw reportError(place, "timestamp", "a time such as 2026-01-01T01:47:04.000Z", excerpt(value));
}

function severityOf(value: string, place: Place): number {
  const severity = Number(value);
  if (/^\d+(?:\.\d+)?$/.test(value) && severity <= 10) return severity;
  throw reportError(place, "severity", "a severity from 0 to 10", excerpt(value));
}

function blockExecutionOf(value: string, place: Place): boolean {
  if (value === "true" || value === "false") return value === "true";
  throw reportError(place, "block-execution", "block_execution to be true or false", excerpt(value));
}
