import type { Node } from "libpg-query";

export type { Node } from "libpg-query";

/** The name of a kind of node in the parser's tree: `IndexStmt`, `RangeVar`, … */
export type NodeKind = Node extends infer Each ? (Each extends Node ? keyof Each & string : never) : never;

/** What a node of a kind holds. */
export type NodeContent<Kind extends NodeKind> =
  Extract<Node, Record<Kind, unknown>> extends Record<Kind, infer Content> ? Content : never;

/** A node is an object with one key, which names its kind. Null for an empty place of the tree. */
export function kindOf(node: Node | undefined): NodeKind | null {
  const [kind] = Object.keys(node ?? {});
  return (kind as NodeKind | undefined) ?? null;
}

/** What the node holds, if it is of this kind. */
export function contentOf<Kind extends NodeKind>(node: Node | undefined, kind: Kind): NodeContent<Kind> | undefined {
  return (node as Partial<Record<Kind, NodeContent<Kind>>> | undefined)?.[kind];
}

/** What each node of this kind in a list holds; nodes of other kinds are left out. */
export function contentsOf<Kind extends NodeKind>(
  nodes: readonly Node[] | undefined,
  kind: Kind,
): readonly NodeContent<Kind>[] {
  return (nodes ?? []).flatMap((node) => contentOf(node, kind) ?? []);
}

/** The texts of a list of String nodes, such as the parts of a name. */
export function stringsOf(nodes: readonly Node[] | undefined): readonly string[] {
  return contentsOf(nodes, "String").map((text) => text.sval ?? "");
}
