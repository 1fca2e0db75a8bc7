import type { NodeContent, NodeKind } from "../node.js";
import type { EffectsDraft } from "./effects.js";

/** What the statements of a family do, by the kind of their node in the parser's tree. */
export type EffectRules = { readonly [Kind in NodeKind]?: (content: NodeContent<Kind>) => EffectsDraft };
