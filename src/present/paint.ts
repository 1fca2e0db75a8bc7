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

const escape = "\u001B";
const control = {
  plain: /(?![\t\n])\p{Cc}/gu,
  /** Spares what begins a colour. */
  coloured: new RegExp(`(?!${escape}\\[[0-9;]*m)(?![\\t\\n])\\p{Cc}`, "gu"),
};

/** What a database, a command or a file says must not steer the terminal: its control characters are shown as `\uFFFD`. */
export function withoutControl(text: string, colour: boolean): string {
  return text.replaceAll(colour ? control.coloured : control.plain, "\uFFFD");
}
