import { fromMarkdown, type Extension } from "mdast-util-from-markdown";
import { excerpt, reportError } from "./report-error.js";

export type Root = ReturnType<typeof fromMarkdown>;
/** Any node of the tree below its root. */
export type AnyNode = Root["children"][number];
export type NodeOf<Type extends AnyNode["type"]> = Extract<AnyNode, { readonly type: Type }>;

/** Quotes and lists within each other. A report that people read has fewer than ten; each one costs the walk a call. */
const DEEPEST_NESTING = 50;

/**
 * Emphasis, links, images and HTML stay in the text as they are written: a reader of advisories wants the addresses, and the time
 * that the parser takes for these grows with the square of their number.
 */
const LEFT_AS_WRITTEN = [
  "attention",
  "autolink",
  "definition",
  "htmlFlow",
  "htmlText",
  "labelEnd",
  "labelStartImage",
  "labelStartLink",
];

/**
 * The tree of a report's Markdown, by CommonMark.
 *
 * @throws BelayError `proposal-fence-unterminated` for a code block whose closing fence is missing (CommonMark ends such a block
 *   in silence where its list item or the file ends, so prose would be run as code), `proposal-nesting` for a tree too deep.
 */
export function parseMarkdown(text: string, source: string): Root {
  refuseDeepNesting(text, source);
  const fences = new Fences();
  const root = fromMarkdown(text, {
    extensions: [{ disable: { null: LEFT_AS_WRITTEN } }],
    mdastExtensions: [fences.extension],
  });
  for (const code of fences.unterminatedIn(root)) {
    const line = lineOf(code);
    const opening = text.split("\n")[line - 1] ?? "";
    const expected = `a closing fence for the code block that starts here (${excerpt(opening)})`;
    throw reportError(
      { source, line },
      "fence-unterminated",
      expected,
      `none up to line ${code.position?.end.line ?? line}`,
    );
  }
  return root;
}

/** The line of the report at which a node starts. */
export function lineOf(node: AnyNode): number {
  return node.position?.start.line ?? 1;
}

/** Where the fences stand: the tree itself does not say whether a code block was closed by one. */
class Fences {
  readonly #starts = new Set<number>();
  readonly #ends = new Set<number>();

  readonly extension: Extension = {
    enter: {
      codeFencedFence: (token) => {
        this.#starts.add(token.start.offset);
        this.#ends.add(token.end.offset);
      },
    },
  };

  unterminatedIn(node: Root | AnyNode): readonly NodeOf<"code">[] {
    if (node.type === "code") return this.#isOpen(node) ? [node] : [];
    return "children" in node ? node.children.flatMap((child) => this.unterminatedIn(child)) : [];
  }

  /** A block that is only its opening fence ends where that fence ends; an indented block has no fence at all. */
  #isOpen(code: NodeOf<"code">): boolean {
    const start = code.position?.start;
    const end = code.position?.end;
    if (start?.offset === undefined || end?.offset === undefined || !this.#starts.has(start.offset)) return false;
    return start.line === end.line || !this.#ends.has(end.offset);
  }
}

/** Counted before the parser sees the text: the time that it takes grows with the square of the depth. */
function refuseDeepNesting(text: string, source: string): void {
  for (const [index, line] of text.split("\n").entries()) {
    const markers = /^(?:\s*(?:>|[-+*](?=\s)|\d{1,9}[.)](?=\s)))*/.exec(line)?.[0] ?? "";
    const depth = markers.match(/[>+*)-]|\./g)?.length ?? 0;
    const indent = /^\s*/.exec(line)?.[0].length ?? 0;
    if (depth <= DEEPEST_NESTING && indent <= DEEPEST_NESTING * 4) continue;
    const expected = `at most ${DEEPEST_NESTING} quotes and lists within each other`;
    throw reportError({ source, line: index + 1 }, "nesting", expected, `${excerpt(line.slice(0, 60))}`);
  }
}
