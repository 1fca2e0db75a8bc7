import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Colours a text, or leaves it: the one place where colours are. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly accent: (text: string) => string;
}

export function paintWith(colour: boolean): Paint {
  const as = (style: Style) => (text: string) => (colour ? styleText(style, text, { validateStream: false }) : text);
  return {
    good: as("green"),
    bad: as("red"),
    warn: as("yellow"),
    dim: as("dim"),
    strong: as("bold"),
    accent: as("cyan"),
  };
}
