import { lineOf, type AnyNode, type NodeOf } from "./markdown.js";
import { leadOf, proseOf, withoutEndMark } from "./prose.js";

/** A list item, or a stretch of text outside lists: some prose, and the code blocks that go with it. */
export interface Passage {
  /** Headings and bold leads above it, from the outermost. */
  readonly headings: readonly string[];
  readonly prose: readonly Prose[];
  readonly code: readonly CodeBlock[];
  readonly line: number;
}

export interface Prose {
  readonly text: string;
  readonly line: number;
}

export interface CodeBlock {
  /** The first word after the fence, in lower case; empty where there is none. */
  readonly language: string;
  readonly text: string;
  /** The line of the report at which the first line of the text stands. */
  readonly line: number;
}

/** A longer introduction of a list is prose to read, not a heading of what follows. */
const LONGEST_HEADING = 80;

/** Cuts a part of the tree into passages, in the order of the report. Every text of it ends up in one of them. */
export function passagesOf(nodes: readonly AnyNode[], headings: readonly string[] = []): readonly Passage[] {
  const collector = new Collector(headings);
  for (const node of nodes) collector.take(node);
  return collector.finish();
}

/** Collects what stands side by side: each paragraph starts a passage, code joins the one before it. */
class Collector {
  readonly #passages: Passage[] = [];
  readonly #headings: readonly string[];
  #prose: readonly Prose[] = [];
  #code: CodeBlock[] = [];

  constructor(headings: readonly string[]) {
    this.#headings = headings;
  }

  take(node: AnyNode): void {
    switch (node.type) {
      case "list":
        this.#flush();
        for (const item of node.children) this.#add(itemPassages(item, this.#headings));
        return;
      case "blockquote":
        this.#flush();
        this.#add(passagesOf(node.children, this.#headings));
        return;
      case "code":
        this.#code.push(codeBlock(node));
        return;
      default:
        this.#flush();
        this.#prose = proseNode(node);
    }
  }

  finish(): readonly Passage[] {
    this.#flush();
    return this.#passages;
  }

  #add(passages: readonly Passage[]): void {
    for (const passage of passages) this.#passages.push(passage);
  }

  #flush(): void {
    const line = (this.#prose[0] ?? this.#code[0])?.line;
    if (line !== undefined)
      this.#passages.push({ headings: this.#headings, prose: this.#prose, code: this.#code, line });
    this.#prose = [];
    this.#code = [];
  }
}

/** One passage of the item's own paragraphs and code, then those of its nested lists and quotes. */
function itemPassages(item: NodeOf<"listItem">, above: readonly string[]): readonly Passage[] {
  const nested = item.children.filter(isContainer);
  const code = item.children.flatMap((child) => (child.type === "code" ? [codeBlock(child)] : []));
  const texts = item.children.filter((child) => child.type !== "code" && !isContainer(child));
  const { lead, prose } = itemProse(texts, nested.length > 0);
  const headings = lead === null ? above : [...above, lead.text];
  const inner = passagesOf(nested, headings);
  if (prose.length > 0 || code.length > 0) return [{ headings, prose, code, line: lineOf(item) }, ...inner];
  // A lead with nothing under it is itself what the report has to say.
  if (lead !== null && inner.length === 0) return [{ headings: above, prose: [lead], code: [], line: lead.line }];
  return inner;
}

function isContainer(node: AnyNode): boolean {
  return node.type === "list" || node.type === "blockquote";
}

function itemProse(texts: readonly AnyNode[], hasNested: boolean): { lead: Prose | null; prose: readonly Prose[] } {
  const [first, ...others] = texts;
  if (first?.type !== "paragraph") return { lead: null, prose: texts.flatMap(proseNode) };
  const line = lineOf(first);
  const { lead, rest } = leadOf(first);
  const further = others.flatMap(proseNode);
  if (lead !== null) {
    return { lead: { text: lead, line }, prose: rest === "" ? further : [{ text: rest, line }, ...further] };
  }
  const introduces = hasNested && rest.endsWith(":") && rest.length <= LONGEST_HEADING && rest.length > 1;
  if (introduces) return { lead: { text: withoutEndMark(rest), line }, prose: further };
  return { lead: null, prose: [...proseNode(first), ...further] };
}

/** The text of a node that is neither list, quote nor code: a paragraph or a heading. */
function proseNode(node: AnyNode): readonly Prose[] {
  const text = proseOf([node]);
  return text === "" ? [] : [{ text, line: lineOf(node) }];
}

function codeBlock(node: NodeOf<"code">): CodeBlock {
  const lines = (node.position?.end.line ?? 0) - lineOf(node) + 1;
  const fenced = lines > node.value.split("\n").length;
  return { language: (node.lang ?? "").toLowerCase(), text: node.value, line: lineOf(node) + (fenced ? 1 : 0) };
}
