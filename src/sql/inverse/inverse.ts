import type { NodeContent, NodeKind } from "../node.js";

/** The way back that follows from a statement alone. */
export type Inverse =
  | {
      readonly kind: "statements";
      /** In the order in which to run them, without semicolons. None where there is nothing to take back. */
      readonly sql: readonly string[];
    }
  | {
      readonly kind: "none";
      /** For people: one or two sentences. */
      readonly reason: string;
    };

/** The ways back of a family of statements, by the kind of their node in the parser's tree. */
export type InverseRules = { readonly [Kind in NodeKind]?: (content: NodeContent<Kind>) => Inverse };

export const NOTHING_TO_TAKE_BACK: Inverse = { kind: "statements", sql: [] };

export function wayBack(...sql: readonly string[]): Inverse {
  return { kind: "statements", sql };
}

export function noWayBack(reason: string): Inverse {
  return { kind: "none", reason };
}

/** The ways back of statements that run one after another: the last is taken back first, and one without a way back blocks all. */
export function inverseOfSequence(inverses: readonly Inverse[]): Inverse {
  const blocked = inverses.find((each) => each.kind === "none");
  if (blocked !== undefined) return blocked;
  return wayBack(...inverses.toReversed().flatMap((each) => (each.kind === "statements" ? each.sql : [])));
}
