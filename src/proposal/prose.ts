import type { AnyNode, NodeOf } from "./markdown.js";
import { oneLine } from "./report-error.js";

/** The text of some Markdown as one line; code keeps its backticks, and emphasis, links and HTML stand as written. */
export function proseOf(nodes: readonly AnyNode[]): string {
  return oneLine(nodes.map(textOf).join(""));
}

export interface Lead {
  /** The bold words that start a paragraph, without the colon or full stop after them; null where there are none. */
  readonly lead: string | null;
  readonly rest: string;
}

const END_MARKS = " :.";

/** Strong emphasis from the first character on. */
const BOLD_START = /^(\*\*|__)(?=\S)(.*?\S)\1(?!\w)(.*)$/;

/** Splits `**Database Migration:** Since the error …` into its bold lead and the rest. */
export function leadOf(paragraph: NodeOf<"paragraph">): Lead {
  const prose = proseOf([paragraph]);
  const [, , bold, rest = ""] = BOLD_START.exec(prose) ?? [];
  const lead = withoutEndMark(bold ?? "");
  return lead === "" ? { lead: null, rest: prose } : { lead, rest: rest.replace(/^\s*(?:[:.–—]|-(?=\s))?\s*/u, "") };
}

/** A heading without the colon or full stop that ends it. */
export function withoutEndMark(text: string): string {
  let end = text.length;
  while (end > 0 && END_MARKS.includes(text[end - 1] ?? "")) end -= 1;
  return text.slice(0, end);
}

function textOf(node: AnyNode): string {
  switch (node.type) {
    case "inlineCode":
      return `\`${node.value}\``;
    case "break":
      return " ";
    default:
      if ("value" in node) return node.value;
      return "children" in node ? node.children.map(textOf).join("") : "";
  }
}
