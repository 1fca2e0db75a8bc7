import { readHead, type Head } from "./head.js";
import { lineOf, parseMarkdown, type AnyNode, type NodeOf } from "./markdown.js";
import type { CodeBlock, Passage } from "./passage.js";
import type { Action, Proposal } from "./proposal.js";
import { proseOf } from "./prose.js";
import { excerpt, oneLine, reportError } from "./report-error.js";
import { readReportText } from "./report-text.js";
import { sectionsOf } from "./section.js";
import { isShell, readShellBlock, type BlockReading } from "./shell-block.js";
import { isSql, readSqlBlock } from "./sql-block.js";

/** Far more than anybody reviews in one report; each change costs a version, and each block a run of the parser. */
const MOST_CHANGES = 200;

/** Where prose stands that has no heading above it. */
const NO_HEADING = "Report";

/**
 * Reads a report in Markdown: its head, its actions, its risks and its mitigations. Every text of the body ends up in an action.
 *
 * @param content the bytes of the file, or its text; at most 1 MiB.
 * @param source the name of the file, for messages.
 * @throws BelayError of the kind `usage`, with a message `<file>:<line>: expected …, found …`; a syntax error in SQL says what
 *   PostgreSQL's parser says.
 */
export async function parseProposal(content: string | Uint8Array, source: string): Promise<Proposal> {
  const text = readReportText(content, source);
  const root = parseMarkdown(text, source);
  const { titles, list, rest } = splitRoot(root.children, source);
  const { head, body } = readHead(list, text.split("\n"), source);
  const { body: passages, risks, mitigations } = sectionsOf([...body, ...rest]);
  refuseTooManyBlocks(passages, source);
  const actions: Action[] = headRemarks(head);
  for (const passage of passages) actions.push(...(await actionsOf(passage, source)));
  refuseTooManyChanges(actions, source);
  const { id, timestamp, severity, blockExecution } = head;
  const title = titles.map((heading) => proseOf(heading.children)).join(" › ") || NO_HEADING;
  return { kind: "proposal", id, timestamp, severity, blockExecution, title, actions, risks, mitigations };
}

interface SplitRoot {
  readonly titles: readonly NodeOf<"heading">[];
  readonly list: NodeOf<"list">;
  readonly rest: readonly AnyNode[];
}

/** Only headings may stand above the head. */
function splitRoot(nodes: readonly AnyNode[], source: string): SplitRoot {
  const at = nodes.findIndex(({ type }) => type !== "heading");
  const list = nodes[at];
  if (list?.type === "list" && list.ordered !== true) {
    const titles = nodes.slice(0, at).filter((node) => node.type === "heading");
    return { titles, list, rest: nodes.slice(at + 1) };
  }
  const expected = 'the head of the report, a list that starts with "- id: …"';
  const line = list === undefined ? lineOf(nodes[0] ?? { type: "text", value: "" }) : lineOf(list);
  throw reportError(
    { source, line },
    "head-missing",
    expected,
    list === undefined ? "only headings" : `a ${list.type}: ${excerpt(proseOf([list]))}`,
  );
}

function headRemarks({ others }: Head): Action[] {
  return others.map(({ key, value, line }) => ({
    kind: "advisory",
    heading: "Head",
    text: `${key}: ${oneLine(value)}`,
    line,
  }));
}

/** Prose beside code that becomes a change explains it; all other prose is a thing to read. */
async function actionsOf(passage: Passage, source: string): Promise<readonly Action[]> {
  const heading = passage.headings.join(" › ") || NO_HEADING;
  const readings = await readBlocks(passage.code, source);
  const explained = readings.some(({ reading }) => reading.requests.length > 0);
  const explanation = explained ? passage.prose.map(({ text }) => text).join(" ") : "";
  const prose: Action[] = explained ? [] : passage.prose.map((each) => ({ kind: "advisory", heading, ...each }));
  const fromCode = readings.flatMap(({ block, reading }): Action[] => [
    ...reading.requests.map((each): Action => ({ kind: "schema", heading, explanation, block: block.text, ...each })),
    ...reading.advisories.map((each): Action => ({ kind: "advisory", heading, ...each })),
  ]);
  return [...prose, ...fromCode].toSorted((a, b) => a.line - b.line);
}

async function readBlocks(
  blocks: readonly CodeBlock[],
  source: string,
): Promise<readonly { readonly block: CodeBlock; readonly reading: BlockReading }[]> {
  const read: { block: CodeBlock; reading: BlockReading }[] = [];
  for (const block of blocks) read.push({ block, reading: await readBlock(block, source) });
  return read;
}

async function readBlock(block: CodeBlock, source: string): Promise<BlockReading> {
  if (isShell(block.language)) return readShellBlock(block, source);
  if (isSql(block.language)) return await readSqlBlock(block, source);
  if (block.text.trim() === "") return { requests: [], advisories: [] };
  const name = block.language === "" ? "code without a language" : `code in ${oneLine(block.language)}`;
  return { requests: [], advisories: [{ text: `${name}, not run: ${oneLine(block.text)}`, line: block.line }] };
}

function refuseTooManyBlocks(passages: readonly Passage[], source: string): void {
  const blocks = passages.flatMap(({ code }) => code.filter(({ language }) => isSql(language)));
  const over = blocks[MOST_CHANGES];
  if (over === undefined) return;
  throw reportError(
    { source, line: over.line },
    "too-many",
    `at most ${MOST_CHANGES} blocks of SQL`,
    `${blocks.length}`,
  );
}

function refuseTooManyChanges(actions: readonly Action[], source: string): void {
  const changes = actions.filter(({ kind }) => kind === "schema");
  const over = changes[MOST_CHANGES];
  if (over === undefined) return;
  throw reportError({ source, line: over.line }, "too-many", `at most ${MOST_CHANGES} changes`, `${changes.length}`);
}
