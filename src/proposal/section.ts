import { lineOf, type AnyNode } from "./markdown.js";
import { passagesOf, type Passage } from "./passage.js";
import { proseOf, withoutEndMark } from "./prose.js";

export interface Sections {
  readonly body: readonly Passage[];
  readonly risks: readonly string[];
  readonly mitigations: readonly string[];
}

interface Heading {
  readonly text: string;
  readonly depth: number;
}

interface Section {
  readonly kind: "body" | "risks" | "mitigations";
  readonly headings: readonly Heading[];
  readonly line: number;
  readonly nodes: AnyNode[];
}

/** Sorts what follows the head under its headings: the risks, the mitigations, and all else, which is the body. */
export function sectionsOf(nodes: readonly AnyNode[]): Sections {
  const sections: Section[] = [{ kind: "body", headings: [], line: 1, nodes: [] }];
  for (const node of nodes) {
    const current = sections.at(-1);
    if (node.type === "heading") sections.push(openSection(node.depth, proseOf(node.children), lineOf(node), current));
    else current?.nodes.push(node);
  }
  return {
    body: sections.flatMap((section, at) => (section.kind === "body" ? passagesUnder(section, sections[at + 1]) : [])),
    risks: remarksOf(sections, "risks"),
    mitigations: remarksOf(sections, "mitigations"),
  };
}

/** A heading closes those that are not above it; what stands below `## Risks` belongs to the risks. */
function openSection(depth: number, text: string, line: number, before: Section | undefined): Section {
  const above = (before?.headings ?? []).filter((heading) => heading.depth < depth);
  const headings = [...above, { text, depth }];
  const kinds = headings.map((heading) => kindOf(heading.text));
  return { kind: kinds.find((kind) => kind !== "body") ?? "body", headings, line, nodes: [] };
}

function kindOf(heading: string): Section["kind"] {
  const name = withoutEndMark(heading).toLowerCase();
  return name === "risks" || name === "mitigations" ? name : "body";
}

function passagesUnder(section: Section, next: Section | undefined): readonly Passage[] {
  const headings = section.headings.map(({ text }) => withoutEndMark(text));
  if (section.nodes.length > 0) return passagesOf(section.nodes, headings);
  const own = headings.at(-1) ?? "";
  const above = headings.slice(0, -1);
  const heading = section.headings.at(-1);
  const leads = next?.kind === section.kind && next.headings.some((each) => each === heading);
  // A heading with nothing under it is itself what the report has to say.
  return leads || own === ""
    ? []
    : [{ headings: above, prose: [{ text: own, line: section.line }], code: [], line: section.line }];
}

function remarksOf(sections: readonly Section[], kind: Section["kind"]): readonly string[] {
  return sections.flatMap((section, at) => {
    if (section.kind !== kind) return [];
    const top = section.headings.findIndex(({ text }) => kindOf(text) === kind);
    if (section.nodes.length === 0 && top === section.headings.length - 1) return [];
    return passagesUnder(section, sections[at + 1]).map(({ headings, prose, code }) =>
      [...headings.slice(top + 1), ...[...prose, ...code].map(({ text }) => text)].join(": "),
    );
  });
}
