import type { Emission, EmitterInput } from "../../emit/emission.js";
import type { CatalogObject } from "../../snapshot.js";
import type { Side } from "../side.js";

/** An object that both sides have, and that differs: `object` and `snapshot` are what it is to become. */
export interface Alteration extends EmitterInput {
  readonly was: CatalogObject;
  readonly from: Side;
  readonly to: Side;
}

/** What cannot be done in place, and would lose what a user wrote otherwise: a sentence without its subject. */
export interface Refusal {
  readonly kind: "refusal";
  readonly why: string;
}

/** Statements, or `replace` where no ALTER does it: the object is dropped and made anew, with all that stands on it. */
export type Altered = readonly Emission[] | "replace" | Refusal;

/** How one attribute of a kind of object is changed. */
export type AttributeRule = (alteration: Alteration) => Altered;

/** By attribute. One that is not listed has no ALTER form. */
export type AttributeRules = { readonly [attribute: string]: AttributeRule };

export function refusal(why: string): Refusal {
  return { kind: "refusal", why };
}

/** What follows by itself from another object's change. */
export const follows: AttributeRule = () => [];
